// What the page knows: its JSON, the views that stand in files beside it, and the names of classes.
//
// The data, which report.cpp, folder_page.cpp and preview.cpp write. Null stands for a number that
// is not finite, and for what there is none of.
//
// PAGE: the JSON in #data.
//   program, instruction_set, date, title: texts
//   kind: 'image' or 'folder'
//   settings: [[name, value], ...]; warnings: texts, of the run
//   viridis, magma: the colours of 0...1, 255 times six hexadecimal digits
//   model: MODEL that the images of a folder share or were matched to, or null
//   images: ROWs of a folder; view: VIEW of one image, or null
// ROW: one image of a folder.
//   name: a text that may hold anything
//   status: 'done', 'failed', 'unfinished' (cut off while it was written), 'earlier' (done by an
//     earlier run with other settings: nothing but a warning is told) or 'not tried'
//   message: why it failed, or ''; warnings: texts
//   seconds, log_likelihood: numbers; shares: of classes 1...K, or []
//   colors: of classes 1...K; null: those of PAGE.model
//   drift: {unlikely_pixels, share_distance, flagged} or null; match_confidence: 0...1 or null
//   base: the address of its photograph without '.jpg' and of its view without '.js', or ''
// VIEW: what is known of an image. The file of a folder's image calls gmmsegReport.show(VIEW).
//   name, width, height, depth, bands, pixels_with_data, log_likelihood, warnings
//   drift, match_confidence: as in ROW
//   kmeans_difference: how many pixels k-means labels differently, or null where that is not known
//   applied: whether its model was fitted before
//   classes: [{index, name, color, weight, share, mean: [of each feature]}, ...], by index 1...K
//   files: [[text, address], ...]; seconds: [[stage, seconds], ...] or null
//   model: MODEL; null: that of PAGE
//   preview: {width, height, data, photo: an address, or null for ROW.base + '.jpg'}
//   cloud: {count, low: [of each axis], high}
//   cuts: of a volume [CUT, ...]; else []
// CUT: pictures across one axis of a patient, with the labels over them.
//   plane: 'Axial', 'Coronal' or 'Sagittal'; sides: the letters at the left, right, top and bottom
//   width, height: of each picture, pixels that are square and of one size in all cuts
//   slices: how many the volume has; start: which of the pictures is shown first
//   pictures: [[number of the slice from 1, address], ...]
// MODEL: a mixture, and how it was fitted.
//   features: [{name, unit}, ...], the columns of the means; classes: as in VIEW
//   class_of: of each component, the place of its class among the classes, from 0
//   method: 'gmm' or 'kmeans'; covariance_type
//   density: false where the curve is an objective, not a log-likelihood
//   axes: [{name, unit}, ...], A features; projections: [x, y] or [x] into them, for each plot
//   restarts: how many starts were tried; initial_log_likelihood: of the best of them
//   history: the log-likelihood after each of the iterations; converged
//   bic, aic, icl: numbers or null
//   tissues: where tissues of a brain were fitted, {image: 't1', 't2', 'flair' or 'ct', mixes: of
//     two neighbours, noise: its deviation, field: [least, most] or null, strength: of
//     neighbours}; else null. Components are then the pure tissues, and after them the mixes.
//   candidates: [[K, BIC_eff], ...] of every K that was tried, where it was chosen; or []
//   trace: [{iteration, components}, ...], some iterations; the last is the result. A component
//     is [weight, mean on A axes..., covariance: its lower triangle row by row...]
// preview.data: base64 of a zlib stream of, one after another, for n pixels, K classes, m points:
//   uint16 labels[n] (0: no data), uint16 cloud[m][A] (0...65535 is low...high),
//   uint8 posteriors[n][K] (0...255 is 0...1), uint8 cloud colours[m][3]
(function (report) {
  'use strict';

  report.page = JSON.parse(document.getElementById('data').textContent);

  // ---- views ----------------------------------------------------------------------------

  const views = new Map();
  let arrived = null;

  // Called by the script beside the page that holds one image's view.
  report.show = function (view) {
    arrived = view;
  };

  function loadScript(row) {
    return new Promise((resolve, reject) => {
      const script = report.make('script', { src: report.beside(`${row.base}.js`) });
      script.addEventListener('load', () => {
        const view = arrived;
        arrived = null;
        script.remove();
        if (view) resolve({ ...view, base: row.base });
        else reject(new Error(`The view of ${row.name} is damaged.`));
      });
      script.addEventListener('error', () => {
        script.remove();
        reject(new Error(`The view of ${row.name} is missing; it was moved or deleted since.`));
      });
      document.body.append(script);
    });
  }

  // The view of a row of the folder; its script is loaded when it is first asked for.
  report.viewOf = function (row) {
    if (!views.has(row)) {
      views.set(row, loadScript(row));
      views.get(row).catch(() => views.delete(row));
    }
    return views.get(row);
  };

  // ---- the preview ----------------------------------------------------------------------

  async function inflate(base64) {
    const packed = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
    return new Response(stream).arrayBuffer();
  }

  // The arrays of a preview: labels, posteriors and the cloud. Every system that runs a browser
  // stores integers with the low byte first, as the file does.
  report.decode = async function (view) {
    const { width, height, data } = view.preview;
    const model = report.modelOf(view);
    const pixels = width * height;
    const classes = view.classes.length;
    const points = view.cloud.count;
    const axes = model ? model.axes.length : 0;
    const bytes = await inflate(data);
    const posteriorsAt = 2 * (pixels + points * axes);
    const colorsAt = posteriorsAt + pixels * classes;
    if (bytes.byteLength !== colorsAt + 3 * points) {
      throw new Error(
        `The preview holds ${bytes.byteLength} bytes instead of ${colorsAt + 3 * points}.`
      );
    }
    return {
      width,
      height,
      pixels,
      classes,
      labels: new Uint16Array(bytes, 0, pixels),
      posteriors: new Uint8Array(bytes, posteriorsAt, pixels * classes),
      cloud: {
        count: points,
        axes,
        low: view.cloud.low,
        high: view.cloud.high,
        values: new Uint16Array(bytes, 2 * pixels, points * axes),
        colors: new Uint8Array(bytes, colorsAt, 3 * points)
      }
    };
  };

  report.cloudValue = (cloud, point, axis) =>
    cloud.low[axis] +
    ((cloud.high[axis] - cloud.low[axis]) * cloud.values[point * cloud.axes + axis]) / 65535;

  // The image pixel that a preview pixel stands for.
  report.imagePixel = (view, i, j) => [
    Math.floor(((2 * i + 1) * view.width) / (2 * view.preview.width)),
    Math.floor(((2 * j + 1) * view.height) / (2 * view.preview.height))
  ];

  // Entropy of every preview pixel's posteriors, 0...1; once per view.
  report.uncertaintyOf = function (data) {
    if (data.uncertainty) return data.uncertainty;
    const terms = Float64Array.from({ length: 256 }, (_, q) =>
      q === 0 ? 0 : (-q / 255) * Math.log(q / 255)
    );
    const scale = data.classes > 1 ? 1 / Math.log(data.classes) : 0;
    data.uncertainty = new Float32Array(data.pixels);
    for (let pixel = 0, at = 0; pixel < data.pixels; ++pixel) {
      let entropy = 0;
      for (let k = 0; k < data.classes; ++k) entropy += terms[data.posteriors[at++]];
      data.uncertainty[pixel] = Math.min(1, entropy * scale);
    }
    return data.uncertainty;
  };

  // How sure the result is: means over the preview's pixels with data.
  report.certaintyOf = function (data) {
    const uncertainty = report.uncertaintyOf(data);
    let count = 0,
      sum = 0,
      sure = 0;
    for (let pixel = 0; pixel < data.pixels; ++pixel) {
      if (data.labels[pixel] === 0) continue;
      const own = data.posteriors[pixel * data.classes + data.labels[pixel] - 1];
      ++count;
      sum += uncertainty[pixel];
      sure += own >= 0.9 * 255 ? 1 : 0;
    }
    return count === 0 ? null : { uncertainty: sum / count, sure: sure / count };
  };

  // ---- models and names -----------------------------------------------------------------

  report.modelOf = view => view.model || report.page.model;

  const isMatched = view => typeof view.match_confidence === 'number';

  const kLongestName = 200; // characters

  // As the program takes names: no control characters, and not without an end.
  const nameIn = text =>
    Array.from(text.replace(/\p{Cc}/gu, ' '))
      .slice(0, kLongestName)
      .join('')
      .trim();

  // Names of classes as the reader edits them; 'change' is sent after each edit.
  class ClassNames extends EventTarget {
    constructor(classes) {
      super();
      this.classes = classes;
      this.names = new Map(classes.map(entry => [entry.index, entry.name]));
    }

    name(index) {
      return this.names.get(index) || `class ${index}`;
    }

    set(index, text) {
      this.names.set(index, nameIn(text));
      this.dispatchEvent(new Event('change'));
    }

    // Keeps what depends on names up to date until the signal ends it.
    follow(signal, update) {
      update();
      this.addEventListener('change', update, { signal });
    }
  }

  const names = new WeakMap();

  // Images that share a model, or were matched to it, share the names; others have their own.
  report.namesOf = function (view) {
    const shared = !view || ((!view.model || isMatched(view)) && report.page.model);
    const owner = shared ? report.page.model : view;
    if (!names.has(owner)) names.set(owner, new ClassNames(owner.classes));
    return names.get(owner);
  };
})(window.gmmsegReport);
