// The table of a folder's images: sorted, searched and filtered without touching the rows.
(function (report) {
  'use strict';
  const { make } = report;

  const kManyClasses = 12;  // more are drawn as one gradient
  const kNumbered = 0.09;   // a narrower part of a bar has no room for its number

  const isDrifted = row => Boolean(row.drift && row.drift.flagged);
  const hasWarnings = row => row.warnings.length > 0;

  report.filters = [
    ['all', 'All', () => true], ['warnings', 'With warnings', hasWarnings], ['drifted', 'Drifted', isDrifted],
    ['failed', 'Failed', row => row.status === 'failed'], ['done', 'Done', row => row.status === 'done']
  ];

  // ---- cells -------------------------------------------------------------------------------------

  function thumbnail(row) {
    const box = make('span', { class: 'thumbnail' });
    if (!row.base) {
      box.append('no picture');
      return box;
    }
    const image = make('img', {
      src: report.beside(`${row.base}.jpg`), alt: '', loading: 'lazy', decoding: 'async', width: 96, height: 64,
      error: () => box.replaceChildren('picture missing')
    });
    box.append(image);
    return box;
  }

  function nameLink(row, number) {
    if (!row.base) return make('span', { class: 'image-name' }, row.name);
    return make('a', { class: 'image-name', href: `#image/${number}` }, row.name);
  }

  const colorsOf = row => row.colors || (report.page.model ? report.page.model.classes.map(entry => entry.color) : []);

  function gradientBar(bar, shares, colors) {
    let at = 0;
    const stops = shares.flatMap((share, k) => {
      const from = at;
      at += share;
      return [`${colors[k]} ${100 * from}% ${100 * at}%`];
    });
    bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  }

  function shareBar(row) {
    if (row.shares.length === 0) return make('span', {}, '–');
    const bar = make('span', { class: 'share-bar', role: 'img' });
    const colors = colorsOf(row);
    if (row.shares.length > kManyClasses) gradientBar(bar, row.shares, colors);
    else {
      bar.append(...row.shares.map((share, k) => {
        const part = make('span', {}, share >= kNumbered ? String(k + 1) : '');
        part.style.cssText = `width: ${100 * share}%; background: ${colors[k]}; color: ${report.inkOn(colors[k])}`;
        return part;
      }));
    }
    return bar;
  }

  // The largest shares in words; the tooltip of the bar, and what it is called.
  function shareText(row, names) {
    const order = Array.from(row.shares.keys()).sort((a, b) => row.shares[b] - row.shares[a]);
    const parts = order.slice(0, kManyClasses)
      .map(k => `${names ? names.name(k + 1) : `class ${k + 1}`} ${report.percent(row.shares[k])}`);
    return parts.join(', ') + (order.length > kManyClasses ? ', …' : '');
  }

  function driftCell(row) {
    if (!row.drift) return '–';
    const title = `${report.percent(row.drift.unlikely_pixels, 0)} unlikely pixels, distance of shares ` +
      report.fixed(row.drift.share_distance, 2);
    return make('span', { class: isDrifted(row) ? 'tag warning' : 'quiet', title }, isDrifted(row) ? 'drifted' : 'no');
  }

  function statusCell(row) {
    const texts = [row.message, ...row.warnings].filter(Boolean);
    return make('span', {},
      make('span', { class: row.status === 'failed' ? 'tag failure' : 'quiet' }, row.status),
      ...texts.map(text => make('span', { class: 'remark' }, text)));
  }

  // key, title, width of the column, value to sort by (null: last) and content.
  const kColumns = [
    ['name', 'Image', 'minmax(0, 2.2fr)', row => row.name.toLowerCase(), (row, number) => nameLink(row, number)],
    ['shares', 'Shares of classes', 'minmax(0, 2.4fr)', row => row.shares.length ? row.shares[0] : null, shareBar],
    ['log_likelihood', 'Log-likelihood', '7.5rem', row => row.log_likelihood, row => report.fixed(row.log_likelihood, 3)],
    ['match_confidence', 'Match', '4.5rem', row => row.match_confidence, row => report.fixed(row.match_confidence, 2)],
    ['drift', 'Drift', '5.5rem', row => row.drift ? (isDrifted(row) ? 10 : 0) + row.drift.unlikely_pixels : null, driftCell],
    ['seconds', 'Time', '4.5rem', row => row.seconds, row => report.seconds(row.seconds)],
    ['status', 'Status', 'minmax(6rem, 1.4fr)', row => `${row.status} ${hasWarnings(row) ? 0 : 1}`, statusCell]
  ];

  // ---- the table ---------------------------------------------------------------------------------

  class Gallery {
    constructor(rows, names, signal) {
      this.names = names;
      this.columns = kColumns.filter(([key]) => key !== 'match_confidence' ||
        rows.some(row => typeof row.match_confidence === 'number'));
      this.entries = rows.map((row, at) => this.makeEntry(row, at));
      this.sortKey = null;
      this.descending = false;
      this.makeTable();
      this.makeControls();
      if (names) names.follow(signal, () => this.entries.forEach(entry => entry.nameBar()));
      else this.entries.forEach(entry => entry.nameBar());
      this.element = make('div', { class: 'gallery' }, this.controls, this.counter, this.table);
      this.refilter();
    }

    makeEntry(row, at) {
      const cells = this.columns.map(([key, title, , , content]) => make('td',
        { role: 'cell', class: key, 'data-title': title }, content(row, at + 1)));
      const element = make('tr', { role: 'row', 'data-image': at + 1 },
        make('td', { role: 'cell', class: 'picture' }, thumbnail(row)), ...cells);
      const bar = element.querySelector('.share-bar');
      const nameBar = () => {
        if (!bar) return;
        bar.setAttribute('aria-label', shareText(row, row.colors ? null : this.names));
        bar.title = bar.getAttribute('aria-label');
      };
      return { row, at, element, nameBar, searched: row.name.normalize().toLowerCase() };
    }

    makeTable() {
      this.headers = this.columns.map(([key, title]) => make('th', { role: 'columnheader', scope: 'col', class: key },
        make('button', { type: 'button', click: () => this.sortBy(key) }, title)));
      this.body = make('tbody', { role: 'rowgroup' });
      this.table = make('table', { class: 'images', role: 'table', 'aria-label': 'Images' },
        make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' },
          make('th', { role: 'columnheader', scope: 'col', class: 'picture' }, make('span', { class: 'unseen' }, 'Picture')),
          ...this.headers)), this.body);
      this.table.style.setProperty('--columns', `6rem ${this.columns.map(column => column[2]).join(' ')}`);
      this.body.append(...this.entries.map(entry => entry.element));
    }

    makeControls() {
      this.search = make('input', { type: 'search', autocomplete: 'off', input: () => this.refilter() });
      this.filter = make('select', { change: () => this.refilter() },
        ...report.filters.map(([key, title]) => make('option', { value: key }, title)));
      this.sorter = make('select', { change: () => this.sortBy(this.sorter.value, false) },
        make('option', { value: '' }, 'as they came'),
        ...this.columns.map(([key, title]) => make('option', { value: key }, title)));
      this.turn = make('button', { type: 'button', disabled: true, click: () => this.sortBy(this.sortKey) }, 'Reverse');
      this.controls = make('div', { class: 'controls' },
        make('label', { class: 'field' }, 'Search names ', this.search),
        make('label', { class: 'field' }, 'Show ', this.filter),
        make('span', { class: 'sorting' }, make('label', { class: 'field' }, 'Sort by ', this.sorter), this.turn));
      this.counter = make('p', { class: 'counter', role: 'status' });
    }

    // ---- sorting and filtering ---------------------------------------------------------------------

    // The same column again turns the order round. Rows without a value stay last.
    sortBy(key, descending = key === this.sortKey && !this.descending) {
      this.sortKey = key;
      this.descending = descending;
      const column = this.columns.find(entry => entry[0] === key);
      const value = column ? column[3] : () => null;
      const sign = descending ? -1 : 1;
      const keyed = this.entries.map(entry => ({ entry, value: value(entry.row) }));
      keyed.sort((a, b) => compare(a.value, b.value, sign) || a.entry.at - b.entry.at);
      this.entries = keyed.map(item => item.entry);
      this.body.append(...this.entries.map(entry => entry.element));
      this.columns.forEach((entry, i) => this.headers[i].setAttribute('aria-sort',
        entry[0] !== key ? 'none' : descending ? 'descending' : 'ascending'));
      this.sorter.value = key;
      this.turn.disabled = !key;
    }

    refilter() {
      const wanted = this.search.value.normalize().toLowerCase();
      const [, , passes] = report.filters.find(([key]) => key === this.filter.value);
      let shown = 0;
      for (const entry of this.entries) {
        entry.hidden = !passes(entry.row) || !entry.searched.includes(wanted);
        entry.element.hidden = entry.hidden;
        shown += entry.hidden ? 0 : 1;
      }
      this.counter.textContent = `Showing ${report.count(shown)} of ${report.count(this.entries.length)}`;
    }

    // Numbers of the images before and after one, in the order on the page; null at the ends.
    neighbours(number) {
      const open = this.entries.filter(entry => entry.row.base && (!entry.hidden || entry.at + 1 === number));
      const at = open.findIndex(entry => entry.at + 1 === number);
      const numberAt = i => open[i] ? open[i].at + 1 : null;
      return { previous: numberAt(at - 1), next: numberAt(at + 1) };
    }

    focus(number) {
      const link = this.body.querySelector(`[data-image="${number}"] a`);
      if (link) link.focus({ preventScroll: true });
    }
  }

  function compare(a, b, sign) {
    const missing = value => value === null || value === undefined;
    if (missing(a) || missing(b)) return (missing(a) ? 1 : 0) - (missing(b) ? 1 : 0);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  }

  report.Gallery = Gallery;
})(window.gmmsegReport);
