// The table of a folder's images: sorted, searched and filtered without touching the rows.
(function (report) {
  'use strict';
  const { make } = report;

  function compare(a, b, sign) {
    const missing = value => value === null || value === undefined;
    if (missing(a) || missing(b)) return (missing(a) ? 1 : 0) - (missing(b) ? 1 : 0);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  }

  // ---- the table ------------------------------------------------------------------------

  class Gallery {
    constructor(rows, names, signal) {
      this.names = names;
      this.filters = report.filtersOf(rows);
      this.columns = report.columns.filter(
        ({ key, optional }) => !optional || rows.some(row => row[key] !== null)
      );
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
      const cells = this.columns.map(({ key, title, content }) =>
        make('td', { role: 'cell', class: key, 'data-title': title }, content(row, at + 1))
      );
      const element = make(
        'tr',
        { role: 'row', 'data-image': at + 1 },
        make('td', { role: 'cell', class: 'picture' }, report.thumbnail(row)),
        ...cells
      );
      const bar = element.querySelector('.share-bar');
      const nameBar = () => {
        if (!bar) return;
        bar.setAttribute('aria-label', report.shareText(row, row.colors ? null : this.names));
        bar.title = bar.getAttribute('aria-label');
      };
      return { row, at, element, nameBar, searched: row.name.normalize().toLowerCase() };
    }

    makeTable() {
      this.headers = this.columns.map(({ key, title }) =>
        make(
          'th',
          { role: 'columnheader', scope: 'col', class: key },
          make('button', { type: 'button', click: () => this.sortBy(key) }, title)
        )
      );
      this.body = make('tbody', { role: 'rowgroup' });
      this.table = make(
        'table',
        { class: 'images', role: 'table', 'aria-label': 'Images' },
        make(
          'thead',
          { role: 'rowgroup' },
          make(
            'tr',
            { role: 'row' },
            make(
              'th',
              { role: 'columnheader', scope: 'col', class: 'picture' },
              make('span', { class: 'unseen' }, 'Picture')
            ),
            ...this.headers
          )
        ),
        this.body
      );
      this.table.style.setProperty(
        '--columns',
        `6rem ${this.columns.map(({ width }) => width).join(' ')}`
      );
      this.body.append(...this.entries.map(entry => entry.element));
    }

    makeControls() {
      this.search = make('input', {
        type: 'search',
        autocomplete: 'off',
        input: () => this.refilter()
      });
      this.filter = make(
        'select',
        { change: () => this.refilter() },
        ...this.filters.map(({ key, title }) => make('option', { value: key }, title))
      );
      this.sorter = make(
        'select',
        { change: () => this.sortBy(this.sorter.value, false) },
        make('option', { value: '' }, 'as listed'),
        ...this.columns.map(({ key, title }) => make('option', { value: key }, title))
      );
      this.turn = make(
        'button',
        { type: 'button', disabled: true, click: () => this.sortBy(this.sortKey) },
        'Reverse'
      );
      this.controls = make(
        'div',
        { class: 'controls' },
        make('label', { class: 'field' }, 'Search names ', this.search),
        make('label', { class: 'field' }, 'Show ', this.filter),
        make(
          'span',
          { class: 'sorting' },
          make('label', { class: 'field' }, 'Sort by ', this.sorter),
          this.turn
        )
      );
      this.counter = make('p', { class: 'counter', role: 'status' });
    }

    // ---- sorting and filtering ----------------------------------------------------------

    // The same column again turns the order round. Rows without a value stay last.
    sortBy(key, descending = key === this.sortKey && !this.descending) {
      this.sortKey = key;
      this.descending = descending;
      const column = this.columns.find(candidate => candidate.key === key);
      const value = column ? column.value : () => null;
      const sign = descending ? -1 : 1;
      const keyed = this.entries.map(entry => ({ entry, value: value(entry.row) }));
      keyed.sort((a, b) => compare(a.value, b.value, sign) || a.entry.at - b.entry.at);
      this.entries = keyed.map(item => item.entry);
      this.body.append(...this.entries.map(entry => entry.element));
      const direction = descending ? 'descending' : 'ascending';
      this.columns.forEach((candidate, i) =>
        this.headers[i].setAttribute('aria-sort', candidate === column ? direction : 'none')
      );
      this.sorter.value = key;
      this.turn.disabled = !key;
    }

    refilter() {
      const wanted = this.search.value.normalize().toLowerCase();
      const { passes } = this.filters.find(({ key }) => key === this.filter.value);
      let shown = 0;
      for (const entry of this.entries) {
        entry.hidden = !passes(entry.row) || !entry.searched.includes(wanted);
        entry.element.hidden = entry.hidden;
        shown += entry.hidden ? 0 : 1;
      }
      const total = report.count(this.entries.length);
      this.counter.textContent = `Showing ${report.count(shown)} of ${total}`;
    }

    // Numbers of the images before and after one, in the order on the page; null at the ends.
    neighbours(number) {
      const open = this.entries.filter(
        entry => report.hasView(entry.row) && (!entry.hidden || entry.at + 1 === number)
      );
      const at = open.findIndex(entry => entry.at + 1 === number);
      const numberAt = i => (open[i] ? open[i].at + 1 : null);
      return { previous: numberAt(at - 1), next: numberAt(at + 1) };
    }

    focus(number) {
      const link = this.body.querySelector(`[data-image="${number}"] a`);
      if (link) link.focus({ preventScroll: true });
    }
  }

  report.Gallery = Gallery;
})(window.gmmsegReport);
