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
    const tissues = model ? model.tissues : null;
    const sizes = [view.width, view.height, ...(view.depth > 1 ? [view.depth] : [])];
    const pixels = sizes.reduce((product, size) => product * size);
    const entries = [
      ['Classes', report.count(view.classes.length)],
      ['Size', sizes.join(' × ')]
    ];
    if (view.pixels_with_data !== pixels) {
      entries.push([tissues ? 'Voxels looked at' : 'Pixels with data', report.percent(view.pixels_with_data / pixels)]);
    }
    entries.push(
      tissues
        ? ['Objective per voxel', report.fixed(model.history.at(-1), 4)]
        : [
            model && !model.density ? 'Objective per pixel' : 'Log-likelihood per pixel',
            report.fixed(view.log_likelihood, 4)
          ]
    );
    if (certainty) {
      entries.push(
        [tissues ? 'Voxels 90 % of one tissue' : 'Pixels at least 90 % sure', report.percent(certainty.sure, 0)],
        ['Mean uncertainty (0–1)', report.fixed(certainty.uncertainty, 2)]
      );
    }
    if (typeof view.match_confidence === 'number') {
      entries.push(['Match to the reference (0–1)', report.fixed(view.match_confidence, 2)]);
    }
    if (view.drift) entries.push(['Drift', view.drift.flagged ? 'flagged' : 'none']);
    return report.pairs('figures', entries);
  }

  const hasData = view => view.pixels_with_data > 0;

  function originText(view, model) {
    if (view.applied) {
      return `${view.model ? 'fitted before' : 'that all images share'} was applied`;
    }
    if (model.iterations === 0) return 'is the start of a fit that made no iteration';
    const iterations = report.plural(model.iterations, 'iteration');
    return `was fitted to this image in ${iterations} (${report.stopText(model)})`;
  }

  function differenceText({ kmeans_difference: pixels, pixels_with_data: all }) {
    if (typeof pixels !== 'number') return '';
    return (
      ` K-means with as many classes labels ${report.plural(pixels, 'pixel')} ` +
      `(${report.percent(pixels / all)}) differently.`
    );
  }

  // What was done, in a sentence or two.
  function account(view, model) {
    const bands = `(image of ${report.plural(view.bands, 'band')})`;
    if (!hasData(view)) {
      const result = view.classes.length === 0 ? ', so there are no classes' : '';
      return `There is no pixel with data ${bands}${result}.`;
    }
    if (model.tissues) return report.tissuesAccount(model);
    const isKmeans = model.method === 'kmeans';
    return (
      `${report.mixtureText(model)} on ${report.featureText(model)} ${bands} ${originText(view, model)}. ` +
      `Each pixel belongs to ${isKmeans ? 'the class of the nearest mean' : 'its most probable class'}.` +
      differenceText(view)
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
        model && model.classes.length > 0
          ? part('Model', report.pairs('pairs', report.modelPairs(model)))
          : null,
        view.drift && !view.drift.flagged // else a warning says so already
          ? part('Drift', make('p', {}, `${driftText(view.drift)}.`))
          : null,
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
    }
    return report.section('classes', 'Classes', table.element);
  }

  function modelSection(view, model, data) {
    if (!hasData(view)) return null;
    const fitted = !view.applied && model.history.length > 0;
    const title = fitted ? 'Fit' : 'The model and this image';
    return report.fitSection('fit', title, model, data && data.cloud);
  }

  // Of a volume the middle slice of the file is shown.
  const resultTitle = ({ depth }) =>
    depth > 1
      ? `Result in slice ${Math.floor(depth / 2) + 1} of ${depth}, as the file holds it`
      : 'Result';

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
    const sections = [
      problems(view),
      failure,
      make('p', { class: 'account' }, account(view, model)),
      figures(view, model, data),
      view.cuts.length ? report.section('cuts', 'Cuts', report.cuts(view)) : null,
      viewer ? report.section('result', resultTitle(view), viewer.element) : null,
      classSection(view, model, names, signal, hasData(view) ? viewer : null),
      modelSection(view, model, data),
      details(view, model)
    ];
    if (viewer) viewer.draw();
    return sections.filter(Boolean);
  };
})(window.gmmsegReport);
