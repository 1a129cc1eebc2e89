// Puts the page together, and for a folder follows the address: '' is the folder, '#image/3' its
// third image.
(function (report) {
  'use strict';
  const { make, page } = report;

  const main = document.getElementById('main');
  const banner = document.getElementById('banner');
  const kTitle = document.title;

  function heading(title, ...before) {
    banner.replaceChildren(
      ...before,
      make('p', { class: 'kicker' }, 'Segmentation report'),
      make('h1', { tabindex: '-1' }, title)
    );
  }

  function footer() {
    const machine = page.instruction_set ? `, ${page.instruction_set}` : '';
    document
      .getElementById('footer')
      .append(make('p', {}, `Written by gmmseg ${page.program}${machine}, ${page.date}.`));
  }

  // ---- a folder -------------------------------------------------------------------------

  function summary(rows) {
    const count = passes => report.count(rows.filter(passes).length);
    const title = { done: 'Done', failed: 'Failed', drifted: 'Drifted', warnings: 'With warnings' };
    const entries = ['done', 'failed', 'drifted', 'warnings'].map(key => [
      title[key],
      count(report.filters.find(filter => filter[0] === key)[2])
    ]);
    return report.pairs('figures', [['Images', report.count(rows.length)], ...entries]);
  }

  // Said first where nothing, or not everything, could be done.
  function failures(rows) {
    const failed = rows.filter(row => row.status === 'failed');
    if (failed.length === 0) return null;
    const all = failed.length === rows.length;
    const title = all
      ? 'Every image failed'
      : `${failed.length} of ${report.plural(rows.length, 'image')} failed`;
    const what = all
      ? `None of the ${report.plural(rows.length, 'image')} could be segmented. `
      : '';
    return report.notice(
      'failure',
      make('strong', {}, title),
      make('p', {}, `${what}The first reason: ${failed[0].message || 'none was given'}`)
    );
  }

  function sharedModel(names, signal) {
    const { model } = page;
    if (!model || model.classes.length === 0) return [];
    const table = report.classTable({
      classes: model.classes,
      model,
      names,
      signal,
      shareTitle: 'Share in training'
    });
    return [
      report.section('classes', 'Classes of the shared model', table.element),
      report.fitSection('fit', 'Fit of the shared model', model, null)
    ];
  }

  function folderDetails() {
    const part = (title, pairs) =>
      make('div', {}, make('h3', {}, title), report.pairs('pairs', pairs));
    return report.section(
      'settings',
      'Details',
      make(
        'div',
        { class: 'details' },
        page.model ? part('Shared model', report.modelPairs(page.model)) : null,
        part('Settings', page.settings)
      )
    );
  }

  function folder() {
    const signal = new AbortController().signal;
    const names = page.model ? report.namesOf(null) : null;
    const gallery = new report.Gallery(page.images, names, signal);
    const sections = [
      failures(page.images),
      report.warnings(page.warnings),
      summary(page.images),
      ...sharedModel(names, signal),
      report.section('images', 'Images', gallery.element),
      folderDetails()
    ];
    return { gallery, element: make('div', {}, ...sections) };
  }

  // ---- from image to image --------------------------------------------------------------

  class Router {
    constructor() {
      Object.assign(this, folder());
      this.place = make('div', { class: 'view', hidden: true });
      this.number = null; // of the image that is shown
      this.scrolled = 0; // where the folder was left
      main.append(this.element, this.place);
      heading(page.title);
      window.addEventListener('hashchange', () => this.follow());
      this.follow();
    }

    follow() {
      const match = /^#image\/(\d+)$/.exec(location.hash);
      const number = match && page.images[match[1] - 1] ? Number(match[1]) : null;
      if (number === this.number) return;
      if (this.number === null) this.scrolled = window.scrollY;
      if (this.work) this.work.abort();
      const last = this.number;
      this.number = number;
      this.element.hidden = number !== null;
      this.place.hidden = number === null;
      if (number === null) this.returnFrom(last);
      else this.open(number);
    }

    returnFrom(last) {
      this.place.replaceChildren();
      heading(page.title);
      document.title = kTitle;
      window.scrollTo(0, this.scrolled);
      this.gallery.focus(last);
    }

    async open(number) {
      const row = page.images[number - 1];
      const work = (this.work = new AbortController());
      heading(row.name, this.navigation(number));
      document.title = `${row.name} – ${kTitle}`;
      this.place.replaceChildren(make('p', { class: 'hint', role: 'status' }, 'Loading…'));
      window.scrollTo(0, 0);
      banner.querySelector('h1').focus({ preventScroll: true });
      const content = await sectionsOf(row, work.signal);
      if (work.signal.aborted) return;
      this.place.dataset.image = number;
      this.place.replaceChildren(...content);
    }

    navigation(number) {
      const { previous, next } = this.gallery.neighbours(number);
      const link = (target, text) =>
        target
          ? make('a', { href: `#image/${target}` }, text)
          : make('span', { class: 'quiet' }, text);
      return make(
        'nav',
        { 'aria-label': 'Images', class: 'controls' },
        make('a', { href: '#' }, '← All images'),
        link(previous, 'Previous'),
        link(next, 'Next')
      );
    }
  }

  async function sectionsOf(row, signal) {
    if (!row.base) {
      return [
        report.notice(
          'failure',
          make('strong', {}, 'This image failed'),
          make('p', {}, row.message)
        )
      ];
    }
    try {
      return await report.viewSections(await report.viewOf(row), signal);
    } catch (error) {
      return [
        report.notice(
          'failure',
          make('strong', {}, 'This image cannot be shown'),
          make('p', {}, error.message)
        )
      ];
    }
  }

  // ---- start ----------------------------------------------------------------------------

  async function start() {
    footer();
    document.querySelector('.skip').addEventListener('click', event => {
      event.preventDefault(); // the address belongs to the images
      main.focus();
    });
    if (page.kind === 'folder') return void new Router();
    heading(page.title);
    main.append(...(await report.viewSections(page.view, new AbortController().signal)));
  }

  // Resolves when the first content stands; tests wait for it.
  report.ready = start();
})(window.gmmsegReport);
