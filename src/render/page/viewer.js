// The photograph with the result over it.
(function (report) {
  'use strict';
  const { make } = report;

  const kModes = [['labels', 'Labels'], ['boundaries', 'Boundaries'],
    ['probability', 'Probability'], ['uncertainty', 'Uncertainty']];
  const kSteps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  // Kept from image to image of a folder. A colour bar is true only where nothing shines through.
  const settings = {
    mode: 'labels', classIndex: 1, swipe: 0,
    opacity: { labels: 60, boundaries: 100, probability: 100, uncertainty: 100 }
  };

  class Viewer {
    constructor(view, data, names, signal) {
      Object.assign(this, { view, data, names, signal });
      this.cross = null;  // the preview pixel of the crosshair
      settings.classIndex = Math.min(settings.classIndex, Math.max(1, data.classes));
      this.readout = new report.Readout(view, data, names);
      this.modeChanged = () => {};
      this.makeStage();
      this.makeControls();
      const picture = make('div', { class: 'picture' }, this.controls, this.stage, this.swipeRow, this.colorbar);
      this.element = make('div', { class: 'viewer' }, picture, this.readout.element);
      this.element.style.setProperty('--ratio', data.width / data.height);
      if (data.classes === 0) this.showPhotoOnly();
      this.draw();
      this.place();
    }

    // ---- what it is made of ------------------------------------------------------------------------

    makeStage() {
      const { width, height, photo } = this.view.preview;
      this.canvas = make('canvas', { 'aria-hidden': 'true' });
      this.divider = make('div', { class: 'divider', 'aria-hidden': 'true' }, make('span'));
      this.crosshair = make('div', { class: 'crosshair', hidden: true, 'aria-hidden': 'true' },
        make('i', { class: 'column' }), make('i', { class: 'line' }), make('i', { class: 'pixel' }));
      const source = photo || report.beside(`${this.view.base}.jpg`);
      this.stage = make('div', {
        class: 'stage', tabindex: '0', role: 'application',
        'aria-label': `${this.view.name} with the result over it. Arrow keys move a crosshair, with ` +
          'Shift by ten; Escape removes it.'
      }, make('img', { src: source, alt: '', draggable: 'false', error: () => this.photoMissing() }),
      this.canvas, this.crosshair, this.divider);
      this.stage.style.aspectRatio = `${width} / ${height}`;
      this.stage.classList.toggle('coarse', Math.max(width, height) < 100);
      this.listen();
    }

    // Without classes there is no result to choose, to see through or to swipe away.
    showPhotoOnly() {
      for (const part of [this.controls, this.swipeRow, this.colorbar, this.divider, this.readout.element]) {
        part.hidden = true;
      }
    }

    photoMissing() {
      this.stage.after(make('p', { class: 'hint' }, 'The photograph is missing; it was moved or deleted since.'));
    }

    makeControls() {
      const modes = kModes.map(([mode, text]) => make('label', {},
        make('input', {
          type: 'radio', name: 'mode', value: mode, change: () => this.setMode(mode)
        }), make('span', {}, text)));
      this.select = make('select', { change: () => this.setMode('probability', Number(this.select.value)) },
        ...this.view.classes.map(entry => make('option', { value: entry.index })));
      this.names.follow(this.signal, () => {
        for (const option of this.select.options) {
          const name = this.names.name(Number(option.value));
          option.textContent = name === `class ${option.value}` ? name : `${option.value}: ${name}`;
        }
        if (this.shown) this.readout.show(...this.shown, false);
        this.describe();
      });
      this.select.value = settings.classIndex;
      this.opacity = range('Opacity of the result', value => {
        settings.opacity[settings.mode] = value;
        this.place();
      });
      this.swipe = range('Original up to', value => {
        settings.swipe = value;
        this.place();
      });
      this.controls = make('div', { class: 'controls' },
        make('fieldset', { class: 'modes' }, make('legend', { class: 'unseen' }, 'Result to show'), ...modes),
        make('label', { class: 'field' }, 'Class ', this.select),
        make('label', { class: 'field' }, 'Opacity ', this.opacity));
      this.swipeRow = make('label', { class: 'swipe controls' },
        this.swipe, make('span', {}, 'Original left of the line'), make('span', {}, 'result right of it'));
      this.barTitle = make('span', { class: 'title' });
      this.colorbar = make('div', { class: 'colorbar' }, this.barTitle, make('span', {}, '0'),
        make('span', { class: 'ramp', 'aria-hidden': 'true' }), make('span', {}, '1'));
    }

    // ---- what it shows -----------------------------------------------------------------------------

    setMode(mode, classIndex = settings.classIndex) {
      settings.mode = mode;
      settings.classIndex = classIndex;
      this.draw();
      this.place();
    }

    draw() {
      const { mode, classIndex } = settings;
      if (this.data.classes > 0) report.paint(this.canvas, this.data, this.view, mode, classIndex);
      this.controls.querySelector(`[value=${mode}]`).checked = true;
      this.select.value = classIndex;
      this.colorbar.hidden = mode === 'labels' || mode === 'boundaries';
      this.colorbar.querySelector('.ramp').style.background = report.gradient(mode);
      this.describe();
      this.modeChanged(mode, classIndex);
    }

    describe() {
      if (!this.barTitle) return;
      const { mode, classIndex } = settings;
      this.barTitle.textContent = mode === 'uncertainty' ? 'Uncertainty' :
        `Probability of ${this.names.name(classIndex)}`;
    }

    // Opacity and the divider.
    place() {
      const opacity = settings.opacity[settings.mode];
      this.opacity.value = opacity;
      this.swipe.value = settings.swipe;
      this.canvas.style.opacity = opacity / 100;
      this.canvas.style.clipPath = `inset(0 0 0 ${settings.swipe}%)`;
      this.divider.style.left = `${settings.swipe}%`;
    }

    showPixel(i, j, aloud) {
      this.shown = [i, j];
      this.readout.show(i, j, aloud);
    }

    setCross(cross, aloud) {
      this.cross = cross;
      this.crosshair.hidden = cross === null;
      if (cross === null) return this.leave();
      const { width, height } = this.data;
      this.crosshair.style.setProperty('--x', `${100 * (cross[0] + 0.5) / width}%`);
      this.crosshair.style.setProperty('--y', `${100 * (cross[1] + 0.5) / height}%`);
      this.showPixel(...cross, aloud);
    }

    leave() {
      this.shown = this.cross;
      if (this.cross) this.readout.show(...this.cross, false);
      else this.readout.clear();
    }

    // ---- pointer and keyboard ----------------------------------------------------------------------

    listen() {
      const stage = this.stage;
      stage.addEventListener('pointermove', event => this.showPixel(...this.pixelAt(event), false));
      stage.addEventListener('pointerleave', () => this.leave());
      stage.addEventListener('click', event => this.setCross(this.pixelAt(event), false));
      stage.addEventListener('keydown', event => this.key(event));
      stage.addEventListener('focus', () => {
        if (!this.cross && stage.matches(':focus-visible')) this.setCross(this.middle(), true);
      });
      this.divider.addEventListener('click', event => event.stopPropagation());
      this.divider.addEventListener('pointerdown', event => {
        this.divider.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      this.divider.addEventListener('pointermove', event => {
        if (this.divider.hasPointerCapture(event.pointerId)) this.drag(event);
      });
    }

    middle() { return [this.data.width >> 1, this.data.height >> 1]; }

    pixelAt(event) {
      const { x, y } = this.fraction(event);
      const { width, height } = this.data;
      const inside = (value, size) => Math.max(0, Math.min(size - 1, Math.floor(value * size)));
      return [inside(x, width), inside(y, height)];
    }

    fraction(event) {
      const box = this.stage.getBoundingClientRect();
      return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    }

    drag(event) {
      settings.swipe = Math.max(0, Math.min(100, 100 * this.fraction(event).x));
      this.place();
    }

    key(event) {
      if (event.key === 'Escape') this.setCross(null, false);
      const step = kSteps[event.key];
      if (!step) return;
      event.preventDefault();
      const far = event.shiftKey ? 10 : 1;
      const [i, j] = this.cross || this.middle();
      const inside = (value, size) => Math.max(0, Math.min(size - 1, value));
      this.setCross([inside(i + far * step[0], this.data.width),
        inside(j + far * step[1], this.data.height)], true);
    }
  }

  function range(label, changed) {
    return make('input', {
      type: 'range', min: 0, max: 100, step: 'any', 'aria-label': label,
      input: event => changed(Number(event.target.value))
    });
  }

  report.Viewer = Viewer;
})(window.gmmsegReport);
