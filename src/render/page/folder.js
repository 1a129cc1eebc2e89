// The page of a folder: what became of its images, the model they share, and the list of them.
(function (report) {
  'use strict';
  const { make, page } = report;

  function summary(rows) {
    const entries = report
      .filtersOf(rows)
      .map(({ key, title, passes }) => [
        key === 'all' ? 'Images' : title,
        report.count(rows.filter(passes).length)
      ]);
    return report.pairs('figures', entries);
  }

  // Said first where nothing, or not everything, could be done.
  function failures(rows) {
    const failed = rows.filter(row => row.status === 'failed');
    if (failed.length === 0) return null;
    const all = failed.length === rows.length;
    const title = all
      ? 'Every image failed'
      : `${failed.length} of ${report.plural(rows.length, 'image')} failed`;
    const what = all
      ? `None of the ${report.plural(rows.length, 'image')} could be segmented. `
      : '';
    return report.notice(
      'failure',
      make('strong', {}, title),
      make('p', {}, `${what}The first reason: ${failed[0].message || 'none was given'}`)
    );
  }

  function stopped(rows) {
    const left = rows.filter(row => row.status === 'not tried').length;
    if (left === 0) return null;
    const what = `${report.count(left)} of ${report.plural(rows.length, 'image')}`;
    const text = `The run was stopped: ${what} ${left === 1 ? 'was' : 'were'} not tried`;
    return report.notice('warning', make('strong', {}, text));
  }

  const isMatched = rows => rows.some(row => row.match_confidence !== null);

  // What was done, in a sentence or two.
  function account(rows) {
    const { model } = page;
    if (!rows.some(row => row.shares.length > 0)) return null;
    let text =
      'A mixture of Gaussians was fitted to each image by itself: class 1 of one image has ' +
      'nothing to do with class 1 of another.';
    if (page.settings.some(([name]) => name === 'preset')) {
      text =
        'Tissues of a brain were fitted to each image by itself; classes are the same tissues in ' +
        'each, whatever its intensities.';
    } else if (isMatched(rows)) {
      text =
        'A mixture of Gaussians was fitted to each image by itself, and its classes numbered as ' +
        'the most similar ones of a reference: their match says how similar, 0 to 1.';
    } else if (model) {
      text =
        `${report.mixtureText(model)} on ` +
        `${report.featureText(model)} was applied to all images: a class has the same number ` +
        'and colour in each.';
    }
    return make('p', { class: 'account' }, text);
  }

  const hasModel = () => page.model && page.model.classes.length > 0;
  const modelName = () => (isMatched(page.images) ? 'reference' : 'shared model');

  function sharedModel(names, signal) {
    const { model } = page;
    if (!hasModel()) return [];
    const what = modelName();
    const table = report.classTable({
      classes: model.classes,
      model,
      names,
      signal,
      shareTitle: 'Share in training'
    });
    return [
      report.section('classes', `Classes of the ${what}`, table.element),
      report.fitSection(
        'fit',
        model.history.length > 0 ? `Fit of the ${what}` : `The ${what}`,
        model,
        null
      )
    ];
  }

  function folderDetails() {
    const part = (title, pairs) =>
      make('div', {}, make('h3', {}, title), report.pairs('pairs', pairs));
    return report.section(
      'settings',
      'Details',
      make(
        'div',
        { class: 'details' },
        hasModel() ? part(`The ${modelName()}`, report.modelPairs(page.model)) : null,
        part('Settings', page.settings)
      )
    );
  }

  // The gallery, and the element it stands in.
  report.folder = function () {
    const signal = new AbortController().signal;
    const names = page.model ? report.namesOf(null) : null;
    const gallery = new report.Gallery(page.images, names, signal);
    const sections = [
      failures(page.images),
      stopped(page.images),
      report.warnings(page.warnings),
      account(page.images),
      summary(page.images),
      ...sharedModel(names, signal),
      report.section('images', 'Images', gallery.element),
      folderDetails()
    ];
    return { gallery, element: make('div', {}, ...sections) };
  };
})(window.gmmsegReport);
