//! The picture of a trace: one line for each span, in the order of the tree, with a bar for its time.

use std::fmt::Write as _;

use testkit::CollectedSpan;

const LINE: usize = 26;
const NAMES_WIDTH: usize = 560;
const BARS_WIDTH: usize = 460;
const TOP: usize = 64;

/// The colour of each service.
const COLOURS: [(&str, &str); 3] = [
    ("gateway", "#3b6fd4"),
    ("world", "#1f8a70"),
    ("agent-worker", "#b4540a"),
];

/// Writes a trace as an SVG.
pub(crate) fn svg(spans: &[CollectedSpan], title: &str) -> String {
    let mut lines = Vec::new();
    push_children(spans, &[], 0, &mut lines);
    let start = spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
    let end = spans.iter().map(|span| span.end_ns).max().unwrap_or(1);
    let scale = |ns: u64| (ns - start) as f64 / (end - start).max(1) as f64 * BARS_WIDTH as f64;
    let (width, height) = (NAMES_WIDTH + BARS_WIDTH + 90, TOP + lines.len() * LINE + 16);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-sans-serif, \
         system-ui, sans-serif\" font-size=\"13\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"600\" fill=\"#1a1a1a\">{}</text>\n",
        escape(title)
    );
    let mut x = 16;
    for (service, colour) in COLOURS {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"36\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text x=\"{}\" y=\"46\" \
             fill=\"#444444\">{service}</text>",
            x + 16
        );
        x += 120;
    }
    for (index, (span, depth)) in lines.iter().enumerate() {
        let y = TOP + index * LINE;
        let (from, to) = (scale(span.start_ns), scale(span.end_ns));
        let ms = (span.end_ns - span.start_ns) as f64 / 1e6;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"#1a1a1a\">{}</text><rect x=\"{:.1}\" y=\"{}\" width=\"{:.1}\" height=\"12\" \
             rx=\"2\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{}\" fill=\"#666666\" font-size=\"11\">{ms:.2} ms</text>",
            16 + depth * 16,
            y + 15,
            escape(&span.name),
            NAMES_WIDTH as f64 + from,
            y + 5,
            (to - from).max(1.5),
            colour(&span.service),
            NAMES_WIDTH as f64 + to + 6.0,
            y + 15,
        );
    }
    svg + "</svg>\n"
}

fn push_children<'a>(
    spans: &'a [CollectedSpan],
    parent: &[u8],
    depth: usize,
    lines: &mut Vec<(&'a CollectedSpan, usize)>,
) {
    let mut children: Vec<_> = spans
        .iter()
        .filter(|span| span.parent_id == parent)
        .collect();
    children.sort_by_key(|span| span.start_ns);
    for child in children {
        lines.push((child, depth));
        push_children(spans, &child.span_id, depth + 1, lines);
    }
}

fn colour(service: &str) -> &'static str {
    let of_service = COLOURS.iter().find(|(name, _)| *name == service);
    of_service.map_or("#777777", |(_, colour)| colour)
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}
