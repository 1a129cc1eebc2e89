// The picture: the photograph, the result on top, the line between them and the crosshair.
(function (report) {
  'use strict';
  const { make } = report;

  const kSteps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const kFarStep = 10;
  const kCoarse = 100; // smaller previews show their pixels

  const inside = (value, size) => Math.max(0, Math.min(size - 1, value));

  // Says where the reader points: onPixel(i, j, aloud), onLeave(), and onSwipe(percent) while the
  // line is dragged. The canvas is painted by its owner.
  class Stage {
    constructor(view, { onPixel, onLeave, onSwipe }) {
      Object.assign(this, { onPixel, onLeave, onSwipe });
      this.width = view.preview.width;
      this.height = view.preview.height;
      this.cross = null; // the preview pixel of the crosshair
      this.makeParts(view);
      this.listenToPointer();
      this.element.addEventListener('keydown', event => this.key(event));
      this.element.addEventListener('focus', () => {
        if (!this.cross && this.element.matches(':focus-visible'))
          this.moveCross(this.middle(), true);
      });
    }

    makeParts(view) {
      const photo = view.preview.photo || report.beside(`${view.base}.jpg`);
      this.canvas = make('canvas', { 'aria-hidden': 'true' });
      this.divider = make('div', { class: 'divider', 'aria-hidden': 'true' }, make('span'));
      const lines = ['column', 'line', 'pixel'].map(part => make('i', { class: part }));
      this.crosshair = make(
        'div',
        { class: 'crosshair', hidden: true, 'aria-hidden': 'true' },
        ...lines
      );
      const help = 'Arrow keys move a crosshair, with Shift by ten; Escape removes it.';
      this.element = make(
        'div',
        {
          class: Math.max(this.width, this.height) < kCoarse ? 'stage coarse' : 'stage',
          tabindex: '0',
          role: 'application',
          'aria-label': `${view.name} with the result over it. ${help}`
        },
        make('img', { src: photo, alt: '', draggable: 'false', error: () => this.photoMissing() }),
        this.canvas,
        this.crosshair,
        this.divider
      );
      this.element.style.aspectRatio = `${this.width} / ${this.height}`;
    }

    photoMissing() {
      this.element.after(
        make('p', { class: 'hint' }, 'The photograph is missing; it was moved or deleted since.')
      );
    }

    // The result's opacity and how far, in percent, the original reaches.
    place(opacity, swipe) {
      this.canvas.style.opacity = opacity / 100;
      this.canvas.style.clipPath = `inset(0 0 0 ${swipe}%)`;
      this.divider.style.left = `${swipe}%`;
    }

    // ---- crosshair ----------------------------------------------------------------------

    middle() {
      return [this.width >> 1, this.height >> 1];
    }

    moveCross([i, j], aloud) {
      this.cross = [i, j];
      this.crosshair.hidden = false;
      this.crosshair.style.setProperty('--x', `${(100 * (i + 0.5)) / this.width}%`);
      this.crosshair.style.setProperty('--y', `${(100 * (j + 0.5)) / this.height}%`);
      this.onPixel(i, j, aloud);
    }

    removeCross() {
      this.cross = null;
      this.crosshair.hidden = true;
      this.onLeave();
    }

    key(event) {
      if (event.key === 'Escape') this.removeCross();
      const step = kSteps[event.key];
      if (!step) return;
      event.preventDefault();
      const far = event.shiftKey ? kFarStep : 1;
      const [i, j] = this.cross || this.middle();
      this.moveCross(
        [inside(i + far * step[0], this.width), inside(j + far * step[1], this.height)],
        true
      );
    }

    // ---- pointer ------------------------------------------------------------------------

    listenToPointer() {
      const { element, divider } = this;
      element.addEventListener('pointermove', event => this.onPixel(...this.pixelAt(event), false));
      element.addEventListener('pointerleave', () => {
        if (this.cross) this.onPixel(...this.cross, false);
        else this.onLeave();
      });
      // Some browsers send the click that ends a drag to the picture, others to the line.
      let dragged = false;
      element.addEventListener('pointerdown', event => {
        dragged = divider.contains(event.target);
      });
      element.addEventListener('click', event => {
        if (!dragged) this.moveCross(this.pixelAt(event), false);
      });
      divider.addEventListener('pointerdown', event => {
        divider.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      divider.addEventListener('pointermove', event => {
        if (!divider.hasPointerCapture(event.pointerId)) return;
        this.onSwipe(Math.max(0, Math.min(100, 100 * this.fraction(event).x)));
      });
    }

    fraction(event) {
      const box = this.element.getBoundingClientRect();
      return {
        x: (event.clientX - box.left) / box.width,
        y: (event.clientY - box.top) / box.height
      };
    }

    pixelAt(event) {
      const { x, y } = this.fraction(event);
      return [
        inside(Math.floor(x * this.width), this.width),
        inside(Math.floor(y * this.height), this.height)
      ];
    }
  }

  report.Stage = Stage;
})(window.gmmsegReport);
