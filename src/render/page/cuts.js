// Cuts through a volume, with a slider where a plane has more than one.
(function (report) {
  'use strict';
  const { make } = report;

  const kSides = ['left', 'right', 'top', 'bottom'];

  const letters = cut =>
    kSides.map((side, at) => make('span', { class: `side ${side}` }, cut.sides[at]));

  const captionOf = (cut, at) => `${cut.plane}, slice ${cut.pictures[at][0]} of ${cut.slices}`;

  function figure(cut) {
    const image = make('img', { draggable: 'false' });
    const caption = make('figcaption', { 'aria-live': 'polite' });
    const show = at => {
      image.src = cut.pictures[at][1];
      image.alt = `${captionOf(cut, at)}, with the labels over it`;
      caption.textContent = captionOf(cut, at);
    };
    const slider = make('input', {
      type: 'range',
      min: 0,
      max: cut.pictures.length - 1,
      value: cut.start,
      'aria-label': `${cut.plane} slice`,
      input: event => show(Number(event.target.value))
    });
    show(cut.start);
    const picture = make('div', { class: 'cut' }, image, ...letters(cut));
    const element = make(
      'figure',
      {},
      picture,
      caption,
      cut.pictures.length > 1 ? slider : null
    );
    element.style.setProperty('--across', cut.width);
    element.style.setProperty('--ratio', cut.width / cut.height);
    return element;
  }

  report.cuts = view =>
    make(
      'div',
      {},
      make('div', { class: 'cuts' }, ...view.cuts.map(figure)),
      make(
        'p',
        { class: 'hint' },
        'Through the middle of what is labelled, at one scale. Left is the patient\u2019s left (L), ' +
          'right the right (R); A is front, P back, S head, I feet. Slices are numbered in the ' +
          'order of the file.'
      )
    );
})(window.gmmsegReport);
