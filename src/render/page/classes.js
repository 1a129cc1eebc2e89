// The table of classes, and their names as a file.
(function (report) {
  'use strict';
  const { make } = report;

  const kLong = 16; // more classes than this scroll in a box of their own
  const kWide = 8; // more features than this are written one after another on paper

  // RFC 4180: quotes around what has a quote, a comma or a line end; quotes within are doubled.
  const quoted = text => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  report.classNamesCsv = function (names) {
    const lines = names.classes.map(entry =>
      [String(entry.index), names.name(entry.index), entry.color].map(quoted).join(',')
    );
    return ['class,name,color', ...lines].join('\r\n') + '\r\n';
  };

  function save(names) {
    const url = URL.createObjectURL(new Blob([report.classNamesCsv(names)], { type: 'text/csv' }));
    make('a', { href: url, download: 'class-names.csv' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  function saving(names) {
    const click = () => save(names);
    const hint = make(
      'p',
      { class: 'hint' },
      'Names can be edited. They last until this page is closed; saved as a file, they go to the ' +
        'next run with ',
      make('code', {}, '--class-names'),
      '.'
    );
    const button = make('button', { type: 'button', click }, 'Save names as CSV');
    return make('div', { class: 'actions controls' }, button, hint);
  }

  function nameCell(entry, names, signal) {
    const input = make('input', {
      type: 'text',
      'aria-label': `Name of class ${entry.index}`,
      spellcheck: 'false',
      input: event => names.set(entry.index, event.target.value),
      blur: event => {
        event.target.value = names.name(entry.index);
      }
    });
    names.follow(signal, () => {
      if (document.activeElement !== input) input.value = names.name(entry.index);
    });
    return make('td', { class: 'name' }, input);
  }

  function swatchCell(entry, onPick) {
    if (!onPick) return make('th', { scope: 'row' }, report.swatch(entry.index, entry.color));
    return make(
      'th',
      { scope: 'row' },
      report.swatch(entry.index, entry.color, 'button', {
        type: 'button',
        'aria-pressed': 'false',
        'aria-label': `Show where class ${entry.index} is probable`,
        title: 'Show where this class is probable',
        click: () => onPick(entry.index)
      })
    );
  }

  // Means have as many digits as their spread over the classes calls for, those of a single class
  // as its size does.
  function meanDigits(classes, d) {
    const values = classes.map(entry => entry.mean[d]).filter(Number.isFinite);
    const spread = Math.max(...values) - Math.min(...values);
    const size = spread || Math.max(0, ...values.map(Math.abs));
    return size > 0 ? Math.max(1, Math.min(6, 2 - Math.floor(Math.log10(size)))) : 1;
  }

  const featureTitle = feature => `Mean ${feature.name}`;

  function headRow(features, shareTitle) {
    const unit = text => (text ? make('small', {}, ` ${text.replace('..', '–')}`) : null);
    const number = (...content) => make('th', { scope: 'col', class: 'number' }, ...content);
    return make(
      'tr',
      {},
      make('th', { scope: 'col' }, 'Class'),
      make('th', { scope: 'col' }, 'Name'),
      number(shareTitle),
      number('Weight'),
      ...features.map(feature => number(featureTitle(feature), unit(feature.unit)))
    );
  }

  // Columns: of the means, each with its title and its number of digits.
  function row(entry, names, signal, columns, onPick) {
    const number = (title, text) => make('td', { class: 'number', 'data-title': title }, text);
    return make(
      'tr',
      { 'data-class': entry.index },
      swatchCell(entry, onPick),
      nameCell(entry, names, signal),
      number('Share', report.percent(entry.share)),
      number('Weight', report.percent(entry.weight)),
      ...columns.map(({ title, digits }, d) => number(title, report.fixed(entry.mean[d], digits)))
    );
  }

  // Options: classes, model, names, signal, shareTitle and, with a viewer, onPick(class index).
  // What comes back has press(class index or null), which marks the class that is shown.
  report.classTable = function ({ classes, model, names, signal, shareTitle, onPick }) {
    const columns = model.features.map((feature, d) => ({
      title: featureTitle(feature),
      digits: meanDigits(classes, d)
    }));
    const rows = classes.map(entry => row(entry, names, signal, columns, onPick));
    const table = make(
      'table',
      { class: columns.length > kWide ? 'classes wide' : 'classes' },
      make('thead', {}, headRow(model.features, shareTitle)),
      make('tbody', {}, ...rows)
    );
    const long = classes.length > kLong;
    const scroller = make(
      'div',
      {
        class: long ? 'scroller long' : 'scroller',
        tabindex: 0,
        role: 'region',
        'aria-label': 'Table of classes'
      },
      table
    );
    return {
      element: make('div', {}, scroller, saving(names)),
      press(index) {
        rows.forEach((element, at) =>
          element
            .querySelector('.swatch')
            .setAttribute('aria-pressed', String(classes[at].index === index))
        );
      }
    };
  };
})(window.gmmsegReport);
