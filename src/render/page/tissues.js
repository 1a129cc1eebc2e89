// What was fitted where a brain's tissues were asked for, in place of a free mixture.
(function (report) {
  'use strict';
  const { fixed, plural } = report;

  const kImages = { t1: 'a T1 image', t2: 'a T2 image', flair: 'a FLAIR image', ct: 'a CT' };

  const joined = words => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

  // Only neighbours in the order of the classes are mixed.
  const mixedPairs = names => names.slice(1).map((name, at) => `${names[at]} with ${name}`);

  const fieldText = ([low, high]) => `${fixed(low, 2)} to ${fixed(high, 2)}`;

  function mixesText({ mixes }, names) {
    if (mixes === 0) return 'Each voxel holds one of them.';
    return (
      `A voxel holds one of them, or two: ${mixedPairs(names).join(', or ')}, in ` +
      `${plural(mixes, 'step')} between the pure ones.`
    );
  }

  const neighboursText = ({ strength }) =>
    strength > 0
      ? `With all this settled, neighbouring voxels were let have their say, with a strength of ` +
        `${fixed(strength, 2)}.`
      : 'Neighbouring voxels had no say.';

  // Of the page of one image.
  report.tissuesAccount = function (model) {
    const { tissues } = model;
    const names = model.classes.map(entry => entry.name);
    const iterations = plural(model.iterations, 'iteration');
    const field = tissues.field
      ? 'A smooth field that makes the image uneven was found beside them: it multiplies what the ' +
        `tissues give, by ${fieldText(tissues.field)} and by 1 in the mean.`
      : 'No uneven field was looked for.';
    return [
      `The tissues ${joined(names)} were told by the intensities of ${kImages[tissues.image]}, in ` +
        `${iterations} (${report.stopText(model)}).`,
      mixesText(tissues, names),
      field,
      neighboursText(tissues),
      'Probabilities are the shares of the tissues that a voxel is expected to hold; it is labelled ' +
        'as the largest of them.'
    ].join(' ');
  };

  report.tissuesCaption = function ({ tissues }, hasCloud) {
    const field = tissues.field ? ' without the field' : '';
    const mixes = tissues.mixes > 0 ? ' and, without a number, their mixes' : '';
    const whose = tissues.mixes > 0 ? ', in the colour of the tissue that they hold more of' : '';
    return (
      `${hasCloud ? `Bars are voxels${field}; curves` : 'Curves'} are the tissues${mixes}, each a ` +
      `Gaussian times its weight${whose}. The dashed one is their sum. Neighbours have no part in ` +
      'either plot.'
    );
  };

  // For the details.
  report.tissuesPairs = function (model) {
    const { tissues } = model;
    const names = model.classes.map(entry => entry.name);
    return [
      ['Tissues of', kImages[tissues.image]],
      [
        'Mixes',
        tissues.mixes > 0
          ? `${report.count(tissues.mixes)} each of ${joined(mixedPairs(names))}`
          : 'none'
      ],
      ['Noise', `${model.covariance_type === 'tied' ? 'one for all, ' : ''}${tissues.noise}`],
      ['Field', tissues.field ? fieldText(tissues.field) : 'none'],
      ['Strength of neighbours', fixed(tissues.strength, 3)],
      ['Iterations', `${report.count(model.iterations)}, ${report.stopText(model)}`]
    ];
  };
})(window.gmmsegReport);
