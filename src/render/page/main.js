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

  // ---- from image to image --------------------------------------------------------------

  class Router {
    constructor() {
      Object.assign(this, report.folder());
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

  const kWithoutResult = {
    failed: 'This image failed',
    unfinished: 'This image was cut off while it was written',
    earlier: 'This image is not shown',
    'not tried': 'This image was not tried'
  };

  async function sectionsOf(row, signal) {
    if (!row.base) {
      const reasons = [row.message, ...row.warnings].filter(Boolean);
      return [
        report.notice(
          row.status === 'failed' ? 'failure' : 'warning',
          make('strong', {}, kWithoutResult[row.status]),
          ...reasons.map(text => make('p', {}, text))
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
