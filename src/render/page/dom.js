// Elements and numbers as text. Text enters the page here only, as text nodes and attributes.
(function (report) {
  'use strict';

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') element.addEventListener(name, value);
      else if (value === true) element.setAttribute(name, '');
      else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value);
      }
    }
    element.append(...children.filter(child => child !== null && child !== undefined));
    return element;
  }

  // An HTML element. Attributes that are functions listen to the event of that name.
  report.make = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);

  report.svg = (tag, attributes, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

  const isNumber = value => typeof value === 'number' && Number.isFinite(value);
  const kMissing = '–';

  // A JSON null stands for a number that is not finite.
  report.fixed = function (value, digits) {
    if (!isNumber(value)) return kMissing;
    const text = value.toFixed(digits);
    return text.replace('-', Number(text) === 0 ? '' : '\u2212');
  };

  // What is not 0 does not read as 0.
  report.percent = function (value, digits = 1) {
    if (!isNumber(value)) return kMissing;
    const small = value > 0 && Number((100 * value).toFixed(digits)) === 0;
    const text = report.fixed(small ? 10 ** -digits : 100 * value, digits);
    return `${small ? '<\u00a0' : ''}${text}\u00a0%`;
  };

  report.count = value =>
    isNumber(value) ? value.toLocaleString('en-US').replace('-', '\u2212') : kMissing;

  report.plural = (number, one, many = `${one}s`) =>
    `${report.count(number)} ${number === 1 ? one : many}`;

  // A number with about as many digits as tell it from its neighbours on an axis.
  report.digitsFor = step => Math.max(0, Math.min(12, Math.ceil(-Math.log10(step) - 1e-9)));

  report.seconds = value =>
    isNumber(value) ? `${report.fixed(value, value < 10 ? 2 : 1)}\u00a0s` : kMissing;

  // Black or white, whichever is easier to read on the colour (WCAG 2 relative luminance).
  report.inkOn = function (color) {
    const linear = channel =>
      channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = report.channels(color).map(value => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
  };

  // '#0072b2' as [0, 114, 178].
  report.channels = color => [1, 3, 5].map(at => parseInt(color.slice(at, at + 2), 16));

  // A coloured tag with the class number in it: colour never stands alone.
  report.swatch = function (index, color, tag = 'span', attributes = {}) {
    const element = report.make(tag, { class: 'swatch', ...attributes }, String(index));
    element.style.background = color;
    element.style.color = report.inkOn(color);
    return element;
  };

  // Addresses are relative; the './' keeps a colon in a file name from being read as a scheme.
  report.beside = url => `./${url}`;

  report.section = (id, title, ...children) =>
    report.make(
      'section',
      { class: 'block', 'aria-labelledby': `${id}-title` },
      report.make('h2', { id: `${id}-title` }, title),
      ...children
    );

  report.notice = (kind, ...children) =>
    report.make(
      'div',
      { class: `notice ${kind}`, role: kind === 'failure' ? 'alert' : 'note' },
      ...children
    );

  report.warnings = function (texts) {
    if (!texts || texts.length === 0) return null;
    const items = texts.map(text => report.make('li', {}, text));
    return report.notice(
      'warning',
      report.make('strong', {}, texts.length === 1 ? 'Warning' : `${texts.length} warnings`),
      report.make('ul', {}, ...items)
    );
  };

  // Pairs of a term and its value, as a description list.
  report.pairs = (className, entries) =>
    report.make(
      'dl',
      { class: className },
      ...entries.map(([term, value]) =>
        report.make('div', {}, report.make('dt', {}, term), report.make('dd', {}, value))
      )
    );
})((window.gmmsegReport = window.gmmsegReport || {}));
