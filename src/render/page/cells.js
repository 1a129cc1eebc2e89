// What the table of a folder's images says of one of them.
(function (report) {
  'use strict';
  const { make } = report;

  const kManyClasses = 12; // more are drawn as one gradient
  const kNumbered = 0.09; // a narrower part of a bar has no room for its number

  const isDrifted = row => Boolean(row.drift && row.drift.flagged);
  const hasWarnings = row => row.warnings.length > 0;

  const has = status => row => row.status === status;

  // Optional: left out where no image passes.
  const filters = [
    { key: 'all', title: 'All', passes: () => true },
    { key: 'done', title: 'Done', passes: has('done') },
    { key: 'failed', title: 'Failed', passes: has('failed') },
    { key: 'unfinished', title: 'Unfinished', passes: has('unfinished'), optional: true },
    { key: 'earlier', title: 'Of an earlier run', passes: has('earlier'), optional: true },
    { key: 'not tried', title: 'Not tried', passes: has('not tried'), optional: true },
    { key: 'drifted', title: 'Drifted', passes: isDrifted },
    { key: 'warnings', title: 'With warnings', passes: hasWarnings }
  ];

  report.filtersOf = rows =>
    filters.filter(({ passes, optional }) => !optional || rows.some(passes));

  // Whether there is more to say of an image than its row does.
  report.hasView = row => Boolean(row.base || row.message || hasWarnings(row));

  // ---- cells ----------------------------------------------------------------------------

  function thumbnail(row) {
    const box = make('span', { class: 'thumbnail' });
    if (!row.base) {
      box.append('no picture');
      return box;
    }
    const image = make('img', {
      src: report.beside(`${row.base}.jpg`),
      alt: '',
      loading: 'lazy',
      decoding: 'async',
      width: 96,
      height: 64,
      error: () => box.replaceChildren('picture missing')
    });
    box.append(image);
    return box;
  }

  function nameLink(row, number) {
    const attributes = { class: 'image-name', title: row.name };
    if (!report.hasView(row)) return make('span', attributes, row.name);
    return make('a', { ...attributes, href: `#image/${number}` }, row.name);
  }

  const colorsOf = row =>
    row.colors || (report.page.model ? report.page.model.classes.map(entry => entry.color) : []);

  function gradientBar(bar, shares, colors) {
    let at = 0;
    const stops = shares.flatMap((share, k) => {
      const from = at;
      at += share;
      return [`${colors[k]} ${100 * from}% ${100 * at}%`];
    });
    bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  }

  function shareBar(row) {
    if (row.shares.length === 0) return make('span', {}, '–');
    const bar = make('span', { class: 'share-bar', role: 'img' });
    const colors = colorsOf(row);
    if (row.shares.length > kManyClasses) gradientBar(bar, row.shares, colors);
    else {
      bar.append(
        ...row.shares.map((share, k) => {
          const part = make('span', {}, share >= kNumbered ? String(k + 1) : '');
          part.style.width = `${100 * share}%`;
          part.style.background = colors[k];
          part.style.color = report.inkOn(colors[k]);
          return part;
        })
      );
    }
    return bar;
  }

  // The largest shares in words; the tooltip of the bar, and what it is called.
  function shareText(row, names) {
    const order = Array.from(row.shares.keys()).sort((a, b) => row.shares[b] - row.shares[a]);
    const parts = order
      .slice(0, kManyClasses)
      .map(k => `${names ? names.name(k + 1) : `class ${k + 1}`} ${report.percent(row.shares[k])}`);
    return parts.join(', ') + (order.length > kManyClasses ? ', …' : '');
  }

  function driftCell(row) {
    if (!row.drift) return '–';
    const title =
      `${report.percent(row.drift.unlikely_pixels, 0)} unlikely pixels, distance of shares ` +
      report.fixed(row.drift.share_distance, 2);
    return make(
      'span',
      { class: isDrifted(row) ? 'tag warning' : 'quiet', title },
      isDrifted(row) ? 'drifted' : 'no'
    );
  }

  // Flagged images come after all others.
  const driftOrder = row => row.drift && row.drift.unlikely_pixels + (isDrifted(row) ? 1 : 0);

  function statusCell(row) {
    const texts = [row.message, ...row.warnings].filter(Boolean);
    return make(
      'span',
      {},
      make('span', { class: row.status === 'failed' ? 'tag failure' : 'quiet' }, row.status),
      ...texts.map(text => make('span', { class: 'remark', title: text }, text))
    );
  }

  // optional: left out where no image has it. value: what rows are sorted by, those without one
  // last. content: the cell's.
  report.columns = [
    {
      key: 'name',
      title: 'Image',
      width: 'minmax(0, 2.2fr)',
      value: row => row.name.toLowerCase(),
      content: nameLink
    },
    {
      key: 'shares',
      title: 'Shares of classes',
      width: 'minmax(0, 2.4fr)',
      value: row => (row.shares.length ? row.shares[0] : null),
      content: shareBar
    },
    {
      key: 'log_likelihood',
      title: 'Log-likelihood',
      width: '7.5rem',
      value: row => row.log_likelihood,
      content: row => report.fixed(row.log_likelihood, 3)
    },
    {
      key: 'match_confidence',
      optional: true,
      title: 'Match',
      width: '4.5rem',
      value: row => row.match_confidence,
      content: row => report.fixed(row.match_confidence, 2)
    },
    {
      key: 'drift',
      optional: true,
      title: 'Drift',
      width: '5.5rem',
      value: driftOrder,
      content: driftCell
    },
    {
      key: 'seconds',
      title: 'Time',
      width: '4.5rem',
      value: row => row.seconds,
      content: row => report.seconds(row.seconds)
    },
    {
      key: 'status',
      title: 'Status',
      width: 'minmax(6rem, 1.4fr)',
      value: row => `${row.status} ${hasWarnings(row) ? 0 : 1}`,
      content: statusCell
    }
  ];

  Object.assign(report, { thumbnail, shareText });
})(window.gmmsegReport);
