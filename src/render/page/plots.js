// Plots with two axes, and the curve of the log-likelihood.
(function (report) {
  'use strict';
  const { make, svg } = report;

  const kSize = { width: 360, height: 280 };
  const kArea = { right: 352, top: 26, bottom: 236 }; // left of it are the labels
  const kLeastLeft = 54; // so that most plots stand in line

  // ---- axes -----------------------------------------------------------------------------

  // Round numbers from low to high, about `wanted` of them.
  function ticks(low, high, wanted, smallest = 0) {
    const raw = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max(
      smallest,
      power * [1, 2, 5, 10].find(factor => factor * power >= raw * (1 - 1e-9))
    );
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    return {
      step,
      values: Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step)
    };
  }

  // A domain that is not empty.
  function widened([low, high], share, smallest = 0) {
    if (!(high > low)) return [low - 0.5, low + 0.5];
    const margin = Math.max(share * (high - low), (smallest - (high - low)) / 2);
    return [low - margin, high + margin];
  }

  // ---- labels ---------------------------------------------------------------------------

  const ruler = make('canvas').getContext('2d');
  ruler.font = '11px system-ui, sans-serif'; // as the style says

  const widest = texts => Math.max(0, ...texts.map(text => ruler.measureText(text).width));

  // Values with their texts; fewer where the room, as wide as the plot, does not hold them.
  function labels(domain, wanted, room, smallest) {
    const { step, values } = ticks(...domain, wanted, smallest);
    const digits = report.digitsFor(step);
    const texts = values.map(value => report.fixed(value, digits));
    const tight = texts.length * (widest(texts) + 10) > room;
    if (tight && wanted > 1) return labels(domain, wanted - 1, room, smallest);
    return { texts, marks: values.map((value, i) => ({ value, text: texts[i] })) };
  }

  const markAcross = (frame, { value, text }) =>
    svg(
      'g',
      {},
      svg('line', { x1: frame.x(value), x2: frame.x(value), y1: kArea.top, y2: kArea.bottom }),
      svg('text', { x: frame.x(value), y: kArea.bottom + 16, 'text-anchor': 'middle' }, text)
    );

  const markUp = (frame, { value, text }) =>
    svg(
      'g',
      {},
      svg('line', { x1: frame.left, x2: kArea.right, y1: frame.y(value), y2: frame.y(value) }),
      svg('text', { x: frame.left - 6, y: frame.y(value) + 4, 'text-anchor': 'end' }, text)
    );

  function axes(frame, across, up, xTitle, yTitle) {
    const x = (frame.left + kArea.right) / 2;
    return svg(
      'g',
      { class: 'ticks' },
      ...across.marks.map(mark => markAcross(frame, mark)),
      svg('text', { class: 'axis', x, y: kSize.height - 8, 'text-anchor': 'middle' }, xTitle),
      ...up.marks.map(mark => markUp(frame, mark)),
      svg('text', { class: 'axis', x: frame.left, y: 14 }, yTitle)
    );
  }

  // ---- the frame ------------------------------------------------------------------------

  let plots = 0; // makes the ids of clip paths differ

  // A plot with two axes: its element, the scales x and y, its left edge, which leaves room for
  // the labels, and the clipped group to draw into. Down: y grows downwards, as rows do.
  function makeFrame({ x, y, xTitle, yTitle, label, smallestX, down }) {
    const scale =
      ([low, high], from, to) =>
      value =>
        from + ((to - from) * (value - low)) / (high - low);
    const [first, last] = down ? [kArea.top, kArea.bottom] : [kArea.bottom, kArea.top];
    const up = labels(y, 4, Infinity);
    const left = Math.max(kLeastLeft, Math.ceil(widest(up.texts)) + 10);
    const across = labels(x, 5, kArea.right - left, smallestX);
    const frame = { left, x: scale(x, left, kArea.right), y: scale(y, first, last) };
    const clip = `clip-${++plots}`;
    const box = {
      x: left,
      y: kArea.top,
      width: kArea.right - left,
      height: kArea.bottom - kArea.top
    };
    frame.content = svg('g', { 'clip-path': `url(#${clip})` });
    frame.root = svg(
      'svg',
      { viewBox: `0 0 ${kSize.width} ${kSize.height}`, role: 'img', 'aria-label': label },
      svg('clipPath', { id: clip }, svg('rect', box)),
      axes(frame, across, up, xTitle, yTitle),
      frame.content,
      svg('rect', { class: 'frame', ...box })
    );
    frame.element = make('div', { class: 'plot' }, frame.root);
    return frame;
  }

  const axisTitle = ({ name, unit }) => (unit ? `${name} (${unit.replace('..', '–')})` : name);

  // ---- the curve ------------------------------------------------------------------------

  // Nothing where no iteration was made. What comes back has step(iteration), which moves the
  // marker.
  report.curve = function (model) {
    if (model.history.length === 0) return null;
    const points = [
      [0, model.initial_log_likelihood],
      ...model.history.map((value, i) => [i + 1, value])
    ].filter(([, value]) => Number.isFinite(value));
    const name = model.density ? 'Log-likelihood per pixel' : 'Objective per pixel';
    if (points.length === 0) return null;
    const values = points.map(([, value]) => value);
    const last = Math.max(1, points[points.length - 1][0]);
    const frame = makeFrame({
      x: [0, last],
      y: widened([Math.min(...values), Math.max(...values)], 0.08, 1e-4),
      xTitle: 'Iteration',
      yTitle: name,
      smallestX: 1,
      label: `${name} from ${report.fixed(values[0], 4)} to ${report.fixed(values.at(-1), 4)}`
    });
    const path = points.map(([i, value]) => `${frame.x(i)},${frame.y(value)}`).join(' ');
    const line = svg('line', { class: 'step', y1: kArea.top, y2: kArea.bottom });
    const dot = svg('circle', { class: 'step', r: 5 });
    frame.content.append(line, svg('polyline', { class: 'curve', points: path }));
    if (points.length <= 60) {
      frame.content.append(
        ...points.map(([i, value]) =>
          svg('circle', { class: 'curve', r: 2.2, cx: frame.x(i), cy: frame.y(value) })
        )
      );
    }
    frame.root.append(dot);
    return {
      element: frame.element,
      step: iteration => moveMarker(frame, line, dot, points, iteration)
    };
  };

  function moveMarker(frame, line, dot, points, iteration) {
    const point = points.find(([i]) => i === iteration);
    line.toggleAttribute('hidden', !point);
    dot.toggleAttribute('hidden', !point);
    if (!point) return;
    line.setAttribute('x1', frame.x(iteration));
    line.setAttribute('x2', frame.x(iteration));
    dot.setAttribute('cx', frame.x(iteration));
    dot.setAttribute('cy', frame.y(point[1]));
  }

  report.plot = { kSize, kArea, widened, makeFrame, axisTitle };
})(window.gmmsegReport);
