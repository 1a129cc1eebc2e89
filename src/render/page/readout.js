// What is known about one pixel: its place, its class and its posteriors.
(function (report) {
  'use strict';
  const { make } = report;

  const kRows = 8;

  // Classes in the order they are listed: all by number, or of many the most probable ones first.
  function listed(posteriors) {
    const classes = Array.from(posteriors.keys());
    if (classes.length <= kRows) return classes;
    return classes
      .filter(k => posteriors[k] > 0)
      .sort((a, b) => posteriors[b] - posteriors[a] || a - b)
      .slice(0, kRows);
  }

  class Readout {
    constructor(view, data, names) {
      Object.assign(this, { view, data, names });
      this.rows = Array.from({ length: Math.min(kRows, data.classes) }, makeRow);
      this.place = make('p', { class: 'place' }, '');
      this.chosen = make('p', { class: 'chosen' });
      this.live = make('p', { class: 'unseen', 'aria-live': 'polite' });
      this.element = make(
        'aside',
        { class: 'readout', 'aria-label': 'The pixel under the pointer' },
        make('h3', {}, 'Pixel'),
        this.place,
        this.chosen,
        make('h3', {}, data.classes > kRows ? `${kRows} largest probabilities` : 'Probabilities'),
        make('ul', { class: 'posteriors' }, ...this.rows.map(row => row.element)),
        this.live
      );
      this.clear();
    }

    clear() {
      this.place.textContent = 'Point at the picture, or focus it and use the arrow keys.';
      this.chosen.replaceChildren();
      this.element.classList.add('empty');
    }

    // Shows a preview pixel; it is said aloud only when the keyboard moved there.
    show(i, j, aloud) {
      const pixel = j * this.data.width + i;
      const label = this.data.labels[pixel];
      const posteriors = this.data.posteriors.subarray(
        pixel * this.data.classes,
        (pixel + 1) * this.data.classes
      );
      const [x, y] = report.imagePixel(this.view, i, j);
      this.place.textContent = `x ${x}, y ${y}`;
      this.element.classList.toggle('empty', label === 0);
      if (label === 0) this.chosen.replaceChildren('no data');
      else this.tell(this.view.classes[label - 1], posteriors);
      if (aloud) this.live.textContent = this.sentence(x, y, label, posteriors);
    }

    tell(entry, posteriors) {
      this.chosen.replaceChildren(
        report.swatch(entry.index, entry.color),
        this.names.name(entry.index)
      );
      const order = listed(posteriors);
      this.rows.forEach((row, at) => {
        row.element.hidden = at >= order.length;
        if (at < order.length) this.fillRow(row, order[at], posteriors[order[at]] / 255);
      });
    }

    fillRow(row, k, probability) {
      const entry = this.view.classes[k];
      if (row.index !== entry.index) {
        row.index = entry.index;
        row.tag.replaceChildren(report.swatch(entry.index, entry.color));
        row.bar.style.background = entry.color;
      }
      row.name.textContent = this.names.name(entry.index);
      row.bar.style.width = `${100 * probability}%`;
      row.value.textContent = report.percent(probability);
    }

    sentence(x, y, label, posteriors) {
      if (label === 0) return `x ${x}, y ${y}: no data`;
      const name = this.names.name(label);
      const own = name === `class ${label}` ? name : `class ${label}, ${name}`;
      return `x ${x}, y ${y}: ${own}, ${report.fixed(posteriors[label - 1] / 2.55, 1)} percent`;
    }
  }

  function makeRow() {
    const row = {
      index: 0,
      tag: make('span'),
      name: make('span', { class: 'name' }),
      bar: make('span', { class: 'bar' }),
      value: make('span', { class: 'value' })
    };
    row.element = make(
      'li',
      {},
      row.tag,
      row.name,
      row.value,
      make('span', { class: 'track', 'aria-hidden': 'true' }, row.bar)
    );
    return row;
  }

  report.Readout = Readout;
})(window.gmmsegReport);
