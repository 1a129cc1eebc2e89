// How the model was fitted: the curve and the ellipses, stepped through together.
(function (report) {
  'use strict';
  const { make } = report;

  const kListed = 8; // more bands are told by the first and the last of them

  report.stopText = model => (model.converged ? 'converged' : 'not converged');

  // The names of the features in a line of text.
  report.featureText = function ({ features }) {
    const names = features.map(feature => feature.name);
    const bands = names.filter(name => name.startsWith('band '));
    if (bands.length <= kListed) return names.join(', ');
    return [`${bands[0]} … ${bands.at(-1)}`, ...names.slice(bands.length)].join(', ');
  };

  // What was fitted.
  report.mixtureText = function ({ method, class_of, classes }) {
    const inClasses = report.plural(classes.length, 'class', 'classes');
    if (method === 'kmeans') return `K-means with ${inClasses}`;
    const mixture = `A mixture of ${report.plural(class_of.length, 'Gaussian')}`;
    return class_of.length === classes.length ? mixture : `${mixture} merged to ${inClasses}`;
  };

  const startText = ({ restarts }) =>
    restarts > 1 ? `Start, the best of ${report.count(restarts)} starts on a sample` : 'Start';

  function stepText(model, entry) {
    const value =
      entry.iteration === 0 ? model.initial_log_likelihood : model.history[entry.iteration - 1];
    const name = model.density ? 'log-likelihood' : 'objective';
    const where =
      entry.iteration === 0
        ? startText(model)
        : `Iteration ${entry.iteration} of ${model.iterations}`;
    return Number.isFinite(value) ? `${where}, ${name} ${report.fixed(value, 4)} per pixel` : where;
  }

  // Range and buttons that step through the trace; show(entry) is called for each.
  function stepper(model, show) {
    const last = model.trace.length - 1;
    const text = make('output', { class: 'step-text' });
    const slide = make('input', {
      type: 'range',
      min: 0,
      max: last,
      step: 1,
      value: last,
      'aria-label': 'Iteration shown',
      input: () => go(Number(slide.value))
    });
    const button = (label, by) =>
      make('button', { type: 'button', click: () => go(Number(slide.value) + by) }, label);
    const previous = button('Previous', -1),
      next = button('Next', 1);
    function go(at) {
      slide.value = at;
      previous.disabled = at <= 0;
      next.disabled = at >= last;
      text.textContent = stepText(model, model.trace[at]);
      slide.setAttribute('aria-valuetext', text.textContent);
      show(model.trace[at]);
    }
    go(last);
    return make(
      'div',
      { class: 'stepper', hidden: last === 0 },
      make('div', { class: 'controls' }, previous, slide, next),
      text
    );
  }

  function caption(model, hasCloud) {
    if (model.tissues) return report.tissuesCaption(model, hasCloud);
    const numbered = model.class_of.length > 24 ? ' Only the 24 heaviest are drawn.' : '';
    if (model.projections.some(pair => pair.length === 1)) {
      return (
        `${hasCloud ? 'Bars are pixels of the image; curves' : 'Curves'} are the classes' ` +
        `Gaussians times their weights, and the dashed one is their sum.${numbered}`
      );
    }
    return (
      `${hasCloud ? 'Dots are pixels of the image in their own colours. ' : ''}` +
      "Ellipses lie 1 (thin) and 2 standard deviations around each Gaussian's mean, where its " +
      `class's number stands.${numbered}`
    );
  }

  report.fitSection = function (id, title, model, cloud) {
    const curve = report.curve(model);
    const hasModel = model.classes.length > 0 && model.trace.length > 0 && model.axes.length > 0;
    const projections = hasModel
      ? model.projections.map(pair => report.projection(model, cloud, pair))
      : [];
    if (!curve && projections.length === 0) return null;
    const steps = hasModel
      ? stepper(model, entry => {
          if (curve) curve.step(entry.iteration);
          projections.forEach(projection => projection.step(entry.components));
        })
      : null;
    const texts = [
      curve ? 'The curve says how well the model explains the pixels; higher is better. ' : '',
      projections.length ? caption(model, cloud && cloud.count > 0) : ''
    ];
    const plots = [curve, ...projections].filter(Boolean).map(plot => plot.element);
    return report.section(
      id,
      title,
      steps,
      make('div', { class: 'plots' }, ...plots),
      make('p', { class: 'hint' }, ...texts)
    );
  };

  // What a model is, for the details.
  report.modelPairs = function (model) {
    if (model.tissues) return report.tissuesPairs(model);
    const pairs = [
      ['Features', report.featureText(model)],
      ['Method', model.method],
      ['Covariance', model.covariance_type]
    ];
    if (model.iterations > 0) {
      pairs.push(['Iterations', `${report.count(model.iterations)}, ${report.stopText(model)}`]);
    }
    const lowest = Math.min(...model.candidates.map(([, criterion]) => criterion));
    for (const [k, criterion] of model.candidates) {
      const value = report.count(Math.round(criterion));
      pairs.push([
        `BIC_eff of ${report.plural(k, 'component')}`,
        criterion === lowest ? `${value}, the lowest` : value
      ]);
    }
    for (const name of ['bic', 'aic', 'icl']) {
      if (Number.isFinite(model[name]))
        pairs.push([name.toUpperCase(), report.count(Math.round(model[name]))]);
    }
    return pairs;
  };
})(window.gmmsegReport);
