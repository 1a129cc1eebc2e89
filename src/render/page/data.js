// What the page knows: its JSON, the views that stand in files beside it, and the names of classes.
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

  // What the folder knows of an image may be missing in the image's own file.
  const completed = (view, row) => ({
    ...view,
    base: row.base,
    drift: view.drift ?? row.drift,
    match_confidence: view.match_confidence ?? row.match_confidence,
    warnings: [...new Set([...row.warnings, ...view.warnings])]
  });

  function loadScript(row) {
    return new Promise((resolve, reject) => {
      const script = report.make('script', { src: report.beside(`${row.base}.js`) });
      script.addEventListener('load', () => {
        const view = arrived;
        arrived = null;
        script.remove();
        if (view) resolve(completed(view, row));
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

  // Whether the model was fitted to something else; drift is measured for such images only.
  report.isApplied = view => !isMatched(view) && (!view.model || view.drift !== null);

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
      this.names.set(index, text.trim());
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
