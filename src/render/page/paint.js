// Pictures of labels, probabilities and uncertainty at the size of the preview.
(function (report) {
  'use strict';

  // 'rrggbb' after one another as bytes.
  const bytesOf = hex => Uint8Array.from(hex.match(/../g) || [], pair => parseInt(pair, 16));

  const viridis = bytesOf(report.page.viridis);
  const magma = bytesOf(report.page.magma);
  const kLast = 254; // index of the colour of 1

  // Pixels without data, and those with a negative index into the table, stay clear.
  function paint(canvas, data, table, indexOf) {
    canvas.width = data.width;
    canvas.height = data.height;
    const context = canvas.getContext('2d');
    const picture = context.createImageData(data.width, data.height);
    for (let pixel = 0; pixel < data.pixels; ++pixel) {
      const index = data.labels[pixel] === 0 ? -1 : indexOf(pixel);
      if (index < 0) continue;
      for (let c = 0; c < 3; ++c) picture.data[4 * pixel + c] = table[3 * index + c];
      picture.data[4 * pixel + 3] = 255;
    }
    context.putImageData(picture, 0, 0);
  }

  function onBoundary(data, pixel) {
    const { labels, width, height } = data;
    const i = pixel % width,
      j = (pixel - i) / width,
      own = labels[pixel];
    return (
      (i > 0 && labels[pixel - 1] !== own) ||
      (i + 1 < width && labels[pixel + 1] !== own) ||
      (j > 0 && labels[pixel - width] !== own) ||
      (j + 1 < height && labels[pixel + width] !== own)
    );
  }

  // Mode: 'labels', 'boundaries', 'probability' (of the class) or 'uncertainty'.
  report.paint = function (canvas, data, view, mode, classIndex) {
    const colors = view.classes.flatMap(entry => report.channels(entry.color));
    const labels = data.labels;
    if (mode === 'labels') {
      paint(canvas, data, colors, pixel => labels[pixel] - 1);
    } else if (mode === 'boundaries') {
      paint(canvas, data, colors, pixel => (onBoundary(data, pixel) ? labels[pixel] - 1 : -1));
    } else if (mode === 'probability') {
      const k = classIndex - 1;
      paint(canvas, data, viridis, pixel =>
        Math.round((kLast * data.posteriors[pixel * data.classes + k]) / 255)
      );
    } else {
      const uncertainty = report.uncertaintyOf(data);
      paint(canvas, data, magma, pixel => Math.round(kLast * uncertainty[pixel]));
    }
  };

  // The colours of 0...1 as a CSS gradient.
  report.gradient = function (mode) {
    const table = mode === 'uncertainty' ? magma : viridis;
    const stops = Array.from({ length: 33 }, (_, i) => {
      const at = 3 * Math.round((kLast * i) / 32);
      return `rgb(${table.slice(at, at + 3).join(' ')})`;
    });
    return `linear-gradient(to right, ${stops.join(', ')})`;
  };
})(window.gmmsegReport);
