// The mixture itself: ellipses over the cloud of the pixels, or curves over their histogram.
(function (report) {
  'use strict';
  const { make, svg } = report;
  const { kSize, kArea, widened, makeFrame, axisTitle } = report.plot;

  const kDrawn = 24; // more components than this would hide one another: the heaviest are drawn
  const kSpread = 2; // the outer ellipse, in standard deviations
  const kBins = 40;

  // ---- components -----------------------------------------------------------------------

  // One component of the trace on the plane of two axes (or one: then only xx matters).
  function onPlane(component, axes, [p, q = p]) {
    const covariance = (a, b) =>
      component[1 + axes + (Math.max(a, b) * (Math.max(a, b) + 1)) / 2 + Math.min(a, b)];
    return {
      weight: component[0],
      x: component[1 + p],
      y: component[1 + q],
      xx: covariance(p, p),
      xy: covariance(p, q),
      yy: covariance(q, q)
    };
  }

  // Numbers of the components that are drawn.
  const drawn = components =>
    Array.from(components.keys())
      .sort((a, b) => components[b].weight - components[a].weight)
      .slice(0, kDrawn)
      .sort((a, b) => a - b);

  // The outline of all points `deviations` standard deviations from the mean.
  function outline(frame, { x, y, xx, xy, yy }, deviations) {
    const half = (xx - yy) / 2,
      root = Math.hypot(half, xy),
      mid = (xx + yy) / 2;
    const major = Math.sqrt(Math.max(0, mid + root)) * deviations;
    const minor = Math.sqrt(Math.max(0, mid - root)) * deviations;
    const angle = Math.atan2(xy, half) / 2;
    const points = Array.from({ length: 64 }, (_, i) => {
      const c = major * Math.cos((2 * Math.PI * i) / 64),
        s = minor * Math.sin((2 * Math.PI * i) / 64);
      const px = x + c * Math.cos(angle) - s * Math.sin(angle);
      const py = y + c * Math.sin(angle) + s * Math.cos(angle);
      return `${frame.x(px).toFixed(2)} ${frame.y(py).toFixed(2)}`;
    });
    return `M${points.join('L')}Z`;
  }

  // A stroke in the class's colour on a wider one that sets it off the points.
  const stroke = (path, color, kind) => [
    svg('path', { class: `halo ${kind}`, d: path }),
    svg('path', { class: kind, d: path, stroke: color })
  ];

  function badge(x, y, entry) {
    const text = String(entry.index);
    return svg(
      'g',
      { class: 'badge', transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})` },
      svg('rect', {
        x: -5 - 3.5 * text.length,
        y: -9,
        width: 10 + 7 * text.length,
        height: 18,
        rx: 9,
        fill: entry.color
      }),
      svg('text', { y: 4, 'text-anchor': 'middle', fill: report.inkOn(entry.color) }, text)
    );
  }

  // Of each component, the class that it belongs to.
  const classesOf = model => model.class_of.map(place => model.classes[place]);

  function drawEllipses(frame, components, classes) {
    const shown = drawn(components);
    const outlines = shown.flatMap(k => [
      ...stroke(outline(frame, components[k], kSpread), classes[k].color, 'outer'),
      ...stroke(outline(frame, components[k], 1), classes[k].color, 'inner')
    ]);
    const badges = shown.map(k =>
      badge(frame.x(components[k].x), frame.y(components[k].y), classes[k])
    );
    frame.content.replaceChildren(...outlines, ...badges);
  }

  // ---- domains --------------------------------------------------------------------------

  // The range of the cloud and the final means; ellipses may widen it by a quarter of the cloud's.
  function domainOf(model, cloud, axis) {
    const last = model.trace.at(-1).components.map(c => onPlane(c, model.axes.length, [axis]));
    let low = Math.min(...last.map(c => c.x - kSpread * Math.sqrt(Math.max(0, c.xx))));
    let high = Math.max(...last.map(c => c.x + kSpread * Math.sqrt(Math.max(0, c.xx))));
    if (cloud && cloud.count > 0) {
      const margin = 0.25 * (cloud.high[axis] - cloud.low[axis]);
      const means = last.map(c => c.x);
      low = Math.min(cloud.low[axis], Math.max(low, cloud.low[axis] - margin), ...means);
      high = Math.max(cloud.high[axis], Math.min(high, cloud.high[axis] + margin), ...means);
    }
    return widened([low, high], 0.04);
  }

  // ---- the plane of two axes ------------------------------------------------------------

  function drawCloud(frame, cloud, [p, q]) {
    const density = 3;
    const canvas = make('canvas', {
      width: density * kSize.width,
      height: density * kSize.height,
      'aria-hidden': 'true'
    });
    const context = canvas.getContext('2d');
    context.scale(density, density);
    context.lineWidth = 0.4;
    context.strokeStyle = 'rgb(128 128 128 / 0.7)';
    for (let point = 0; point < cloud.count; ++point) {
      context.fillStyle = `rgb(${cloud.colors.slice(3 * point, 3 * point + 3).join(' ')})`;
      context.beginPath();
      context.arc(
        frame.x(report.cloudValue(cloud, point, p)),
        frame.y(report.cloudValue(cloud, point, q)),
        1.5,
        0,
        7
      );
      context.fill();
      context.stroke();
    }
    const share = (part, whole) => `${(100 * part) / whole}%`;
    const edges = [
      share(kArea.top, kSize.height),
      share(kSize.width - kArea.right, kSize.width),
      share(kSize.height - kArea.bottom, kSize.height),
      share(frame.left, kSize.width)
    ];
    canvas.style.clipPath = `inset(${edges.join(' ')})`;
    frame.element.prepend(canvas);
  }

  // What comes back has step(components of the trace).
  report.projection = function (model, cloud, pair) {
    if (pair.length === 1) return histogram(model, cloud, pair[0]);
    const [p, q] = pair;
    const frame = makeFrame({
      x: domainOf(model, cloud, p),
      y: domainOf(model, cloud, q),
      xTitle: axisTitle(model.axes[p]),
      yTitle: axisTitle(model.axes[q]),
      down: model.axes[q].name === 'y' && model.axes[q].unit === 'pixels',
      label: `Ellipses of the classes: ${model.axes[q].name} over ${model.axes[p].name}`
    });
    if (cloud && cloud.count > 0) drawCloud(frame, cloud, pair);
    const step = components =>
      drawEllipses(
        frame,
        components.map(c => onPlane(c, model.axes.length, pair)),
        classesOf(model)
      );
    return { element: frame.element, step };
  };

  // ---- one axis -------------------------------------------------------------------------

  function binned(cloud, axis, [low, high]) {
    const bins = new Float64Array(kBins);
    const width = (high - low) / kBins;
    for (let point = 0; point < cloud.count; ++point) {
      const at = Math.floor((report.cloudValue(cloud, point, axis) - low) / width);
      bins[Math.max(0, Math.min(kBins - 1, at))] += 1 / (cloud.count * width);
    }
    return bins;
  }

  // A class narrower than what the plot can show is drawn as narrow as it can.
  const drawnDeviation = ({ xx }, [low, high]) =>
    Math.max(Math.sqrt(Math.max(0, xx)), (high - low) / 400);

  const gaussian = (x, { weight, x: mean }, deviation) =>
    (weight * Math.exp(-0.5 * ((x - mean) / deviation) ** 2)) /
    (deviation * Math.sqrt(2 * Math.PI));

  // Of tissues the pure ones alone have their numbers, for mixes lie close together.
  function drawDensities(frame, components, classes, domain, numbered) {
    const at = Array.from(
      { length: 181 },
      (_, i) => domain[0] + ((domain[1] - domain[0]) * i) / 180
    );
    const line = values =>
      'M' + at.map((x, i) => `${frame.x(x).toFixed(2)} ${frame.y(values[i]).toFixed(2)}`).join('L');
    const densities = components.map(component => {
      const deviation = drawnDeviation(component, domain);
      return x => gaussian(x, component, deviation);
    });
    const total = at.map(x => densities.reduce((sum, density) => sum + density(x), 0));
    const shown = drawn(components);
    const curves = shown.flatMap(k =>
      stroke(line(at.map(densities[k])), classes[k].color, 'outer')
    );
    const badges = shown.slice(0, numbered).map(k => {
      const mean = components[k].x;
      return badge(
        frame.x(mean),
        Math.max(kArea.top + 10, frame.y(densities[k](mean))),
        classes[k]
      );
    });
    return [svg('path', { class: 'total', d: line(total) }), ...curves, ...badges];
  }

  function histogram(model, cloud, axis) {
    const domain = domainOf(model, cloud, axis);
    const bins = cloud && cloud.count > 0 ? binned(cloud, axis, domain) : new Float64Array(0);
    const last = model.trace.at(-1).components.map(c => onPlane(c, model.axes.length, [axis]));
    const peaks = last.map(c => gaussian(c.x, c, drawnDeviation(c, domain)));
    // A narrow class must not press everything else flat.
    const top = bins.length
      ? Math.min(Math.max(...bins, ...peaks), 2.5 * Math.max(...bins))
      : Math.max(...peaks);
    const frame = makeFrame({
      x: domain,
      y: [0, 1.1 * top],
      xTitle: axisTitle(model.axes[axis]),
      yTitle: 'Density',
      label: `Histogram of ${model.axes[axis].name} and the Gaussians of the classes`
    });
    const width = (domain[1] - domain[0]) / kBins;
    const bars = Array.from(bins, (value, i) =>
      svg('rect', {
        class: 'bin',
        x: frame.x(domain[0] + i * width),
        width: Math.max(0, frame.x(width) - frame.x(0) - 0.6),
        y: frame.y(value),
        height: Math.max(0, kArea.bottom - frame.y(value))
      })
    );
    const step = components =>
      frame.content.replaceChildren(
        ...bars,
        ...drawDensities(
          frame,
          components.map(c => onPlane(c, model.axes.length, [axis])),
          classesOf(model),
          domain,
          model.tissues ? model.classes.length : components.length
        )
      );
    return { element: frame.element, step };
  }
})(window.gmmsegReport);
