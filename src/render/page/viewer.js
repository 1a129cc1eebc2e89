// The result over the photograph, with the controls that choose what is shown of it.
(function (report) {
  'use strict';
  const { make } = report;

  const kModes = [
    ['labels', 'Labels'],
    ['boundaries', 'Boundaries'],
    ['probability', 'Probability'],
    ['uncertainty', 'Uncertainty']
  ];

  // Kept from image to image of a folder. A colour bar is true only where nothing shines through.
  const settings = {
    mode: 'labels',
    classIndex: 1,
    swipe: 0,
    opacity: { labels: 60, boundaries: 100, probability: 100, uncertainty: 100 }
  };

  const range = (label, changed) =>
    make('input', {
      type: 'range',
      min: 0,
      max: 100,
      step: 'any',
      'aria-label': label,
      input: event => changed(Number(event.target.value))
    });

  const kThin = 15; // times as long as wide

  const thinHint = ({ width, height }) =>
    Math.max(width / height, height / width) > kThin
      ? make('p', { class: 'hint' }, 'Where it would be too thin to see, it is drawn thicker.')
      : null;

  class Viewer {
    constructor(view, data, names, signal) {
      Object.assign(this, { view, data, names });
      this.shown = null; // the preview pixel in the readout
      this.modeChanged = () => {};
      settings.classIndex = Math.min(settings.classIndex, Math.max(1, data.classes));
      this.readout = new report.Readout(view, data, names);
      this.stage = new report.Stage(view, {
        onPixel: (i, j, aloud) => this.showPixel(i, j, aloud),
        onLeave: () => this.leave(),
        onSwipe: value => this.setSwipe(value)
      });
      this.makeControls();
      names.follow(signal, () => this.nameClasses());
      this.makeElement();
    }

    // ---- what it is made of -------------------------------------------------------------

    makeElement() {
      const picture = make(
        'div',
        { class: 'picture' },
        this.controls,
        this.stage.element,
        this.swipeRow,
        this.colorbar,
        thinHint(this.data)
      );
      this.element = make('div', { class: 'viewer' }, picture, this.readout.element);
      this.element.style.setProperty('--ratio', this.data.width / this.data.height);
      // Without data there is no result to choose, to see through or to swipe away.
      if (this.view.pixels_with_data > 0) return;
      for (const part of [
        this.controls,
        this.swipeRow,
        this.colorbar,
        this.stage.divider,
        this.readout.element
      ])
        part.hidden = true;
    }

    makeControls() {
      this.select = make(
        'select',
        { change: () => this.setMode('probability', Number(this.select.value)) },
        ...this.view.classes.map(entry => make('option', { value: entry.index }))
      );
      this.opacity = range('Opacity of the result', value => {
        settings.opacity[settings.mode] = value;
        this.place();
      });
      this.swipe = range('Original up to', value => this.setSwipe(value));
      this.controls = make(
        'div',
        { class: 'controls' },
        make(
          'fieldset',
          { class: 'modes' },
          make('legend', { class: 'unseen' }, 'Result to show'),
          ...kModes.map(([mode, text]) => this.modeButton(mode, text))
        ),
        make('label', { class: 'field' }, 'Class ', this.select),
        make('label', { class: 'field' }, 'Opacity ', this.opacity)
      );
      this.swipeRow = make(
        'label',
        { class: 'swipe controls' },
        this.swipe,
        make('span', {}, 'Original left of the line'),
        make('span', {}, 'result right of it')
      );
      this.barTitle = make('span', { class: 'title' });
      this.ramp = make('span', { class: 'ramp', 'aria-hidden': 'true' });
      this.colorbar = make(
        'div',
        { class: 'colorbar' },
        this.barTitle,
        make('span', {}, '0'),
        this.ramp,
        make('span', {}, '1')
      );
    }

    modeButton(mode, text) {
      return make(
        'label',
        {},
        make('input', {
          type: 'radio',
          name: 'mode',
          value: mode,
          change: () => this.setMode(mode)
        }),
        make('span', {}, text)
      );
    }

    // ---- what it shows ------------------------------------------------------------------

    setMode(mode, classIndex = settings.classIndex) {
      Object.assign(settings, { mode, classIndex });
      this.draw();
    }

    setSwipe(value) {
      settings.swipe = value;
      this.place();
    }

    draw() {
      const { mode, classIndex } = settings;
      report.paint(this.stage.canvas, this.data, this.view, mode, classIndex);
      this.controls.querySelector(`[value=${mode}]`).checked = true;
      this.select.value = classIndex;
      const isMap = mode === 'probability' || mode === 'uncertainty';
      this.colorbar.hidden = !isMap || this.view.pixels_with_data === 0;
      this.ramp.style.background = report.gradient(mode);
      this.titleBar();
      this.place();
      this.modeChanged(mode, classIndex);
    }

    titleBar() {
      this.barTitle.textContent =
        settings.mode === 'uncertainty'
          ? 'Uncertainty'
          : `Probability of ${this.names.name(settings.classIndex)}`;
    }

    nameClasses() {
      for (const option of this.select.options) {
        const name = this.names.name(Number(option.value));
        option.textContent = name === `class ${option.value}` ? name : `${option.value}: ${name}`;
      }
      this.titleBar();
      if (this.shown) this.readout.show(...this.shown, false);
    }

    place() {
      const opacity = settings.opacity[settings.mode];
      this.opacity.value = opacity;
      this.swipe.value = settings.swipe;
      this.stage.place(opacity, settings.swipe);
    }

    // ---- the pixel that is pointed at ---------------------------------------------------

    showPixel(i, j, aloud) {
      this.shown = [i, j];
      this.readout.show(i, j, aloud);
    }

    leave() {
      this.shown = null;
      this.readout.clear();
    }
  }

  report.Viewer = Viewer;
})(window.gmmsegReport);
