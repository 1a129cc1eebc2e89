// The page of one image.
(function (report) {
  'use strict';
  const { make } = report;

  function driftText(drift) {
    return (
      `${report.percent(drift.unlikely_pixels, 0)} of the pixels are less likely than 99 of 100 ` +
      `training pixels; distance of the class shares ${report.fixed(drift.share_distance, 2)}`
    );
  }

  // What is at stake in a few figures.
  function figures(view, model, data) {
    const certainty = data && data.classes > 0 ? report.certaintyOf(data) : null;
    const entries = [
      ['Classes', report.count(view.classes.length)],
      ['Size', `${view.width} × ${view.height}`]
    ];
    if (view.pixels_with_data !== view.width * view.height) {
      entries.push([
        'Pixels with data',
        report.percent(view.pixels_with_data / (view.width * view.height))
      ]);
    }
    entries.push([
      model && !model.density ? 'Objective per pixel' : 'Log-likelihood per pixel',
      report.fixed(view.log_likelihood, 4)
    ]);
    if (certainty) {
      entries.push(
        ['Pixels at least 90 % sure', report.percent(certainty.sure, 0)],
        ['Mean uncertainty (0–1)', report.fixed(certainty.uncertainty, 2)]
      );
    }
    if (typeof view.match_confidence === 'number') {
      entries.push(['Match to the reference (0–1)', report.fixed(view.match_confidence, 2)]);
    }
    if (view.drift) entries.push(['Drift', view.drift.flagged ? 'flagged' : 'none']);
    return report.pairs('figures', entries);
  }

  // What was done, in a sentence.
  function account(view, model) {
    const bands = report.plural(view.bands, 'band');
    if (view.classes.length === 0 || !model) {
      return `The image (${bands}) has no pixel with data, so there are no classes.`;
    }
    const features = model.features.map(feature => feature.name).join(', ');
    const iterations = report.plural(model.iterations, 'iteration');
    const origin = report.isApplied(view)
      ? `${view.model ? 'fitted before' : 'that all images share'} was applied`
      : `was fitted to this image in ${iterations} (${report.stopText(model)})`;
    return (
      `A mixture of ${report.plural(view.classes.length, 'Gaussian')} on ${features} (${bands}) ` +
      `${origin}. Each pixel belongs to its most probable class.`
    );
  }

  function problems(view) {
    const ofRun = report.page.kind === 'image' ? report.page.warnings : [];
    return report.warnings([...new Set([...ofRun, ...view.warnings])]);
  }

  function details(view, model) {
    const { page } = report;
    const files = view.files.map(([text, url]) =>
      make('li', {}, make('a', { href: report.beside(url) }, text))
    );
    const stages = (view.seconds || []).map(([name, value]) => [name, report.seconds(value)]);
    const part = (title, content) => make('div', {}, make('h3', {}, title), content);
    return report.section(
      'details',
      'Details',
      make(
        'div',
        { class: 'details' },
        files.length ? part('Files', make('ul', { class: 'files' }, ...files)) : null,
        model ? part('Model', report.pairs('pairs', report.modelPairs(model))) : null,
        view.drift ? part('Drift', make('p', {}, `${driftText(view.drift)}.`)) : null,
        page.kind === 'image' ? part('Settings', report.pairs('pairs', page.settings)) : null,
        stages.length ? part('Time', report.pairs('pairs', stages)) : null
      )
    );
  }

  function classSection(view, model, names, signal, viewer) {
    if (view.classes.length === 0) return null;
    const table = report.classTable({
      classes: view.classes,
      model,
      names,
      signal,
      shareTitle: 'Share',
      onPick: viewer && (index => viewer.setMode('probability', index))
    });
    if (viewer) {
      viewer.modeChanged = (mode, index) => table.press(mode === 'probability' ? index : null);
      viewer.draw();
    }
    return report.section('classes', 'Classes', table.element);
  }

  // All sections of one image. Listeners on names end with the signal.
  report.viewSections = async function (view, signal) {
    const model = report.modelOf(view);
    const names = report.namesOf(view);
    let data = null,
      failure = null;
    try {
      data = await report.decode(view);
    } catch (error) {
      failure = report.notice(
        'failure',
        make('strong', {}, 'The picture cannot be shown'),
        make('p', {}, `${error.message} A newer browser, or writing the report again, may help.`)
      );
    }
    const viewer = data ? new report.Viewer(view, data, names, signal) : null;
    return [
      ...problems(view),
      failure,
      make('p', { class: 'account' }, account(view, model)),
      figures(view, model, data),
      viewer ? report.section('result', 'Result', viewer.element) : null,
      classSection(view, model, names, signal, viewer),
      model
        ? report.fitSection(
            'fit',
            report.isApplied(view) ? 'The model and this image' : 'Fit',
            model,
            data && data.cloud
          )
        : null,
      details(view, model)
    ].filter(Boolean);
  };
})(window.gmmsegReport);
