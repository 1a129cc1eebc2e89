// The page of a folder: what became of its images, the model they share, and the list of them.
(function (report) {
  'use strict';
  const { make, page } = report;

  function summary(rows) {
    const count = passes => report.count(rows.filter(passes).length);
    const title = { done: 'Done', failed: 'Failed', drifted: 'Drifted', warnings: 'With warnings' };
    const entries = ['done', 'failed', 'drifted', 'warnings'].map(key => [
      title[key],
      count(report.filters.find(filter => filter[0] === key)[2])
    ]);
    return report.pairs('figures', [['Images', report.count(rows.length)], ...entries]);
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

  const isMatched = rows => rows.some(row => row.match_confidence !== null);

  // What was done, in a sentence or two.
  function account(rows) {
    const { model } = page;
    if (!rows.some(row => row.status === 'done')) return null;
    let text =
      'A mixture of Gaussians was fitted to each image by itself: class 1 of one image has ' +
      'nothing to do with class 1 of another.';
    if (isMatched(rows)) {
      text =
        'A mixture of Gaussians was fitted to each image by itself, and its classes numbered as ' +
        'the most similar ones of a reference: their match says how similar, 0 to 1.';
    } else if (model) {
      const features = model.features.map(feature => feature.name).join(', ');
      text =
        `One mixture of ${report.plural(model.classes.length, 'Gaussian')} on ${features} was ` +
        'applied to all images: a class has the same number and colour in each.';
    }
    return make('p', { class: 'account' }, text);
  }

  function sharedModel(names, signal) {
    const { model } = page;
    if (!model || model.classes.length === 0) return [];
    const what = isMatched(page.images) ? 'reference' : 'shared model';
    const table = report.classTable({
      classes: model.classes,
      model,
      names,
      signal,
      shareTitle: 'Share in training'
    });
    return [
      report.section('classes', `Classes of the ${what}`, table.element),
      report.fitSection('fit', `Fit of the ${what}`, model, null)
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
        page.model ? part('Shared model', report.modelPairs(page.model)) : null,
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
