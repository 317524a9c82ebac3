//! Builds the tree of a text.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput, Tag};

use super::node::{Entry, Node, NodeValue};
use super::scalar::{Scalar, ScalarValue, resolve, resolve_number};
use crate::fault::{Fault, Position};

/// Values of a text, those that aliases repeat included: more than any world has, and a tree of them takes less
/// than 100 MB.
const NODES_MAX: usize = 500_000;
/// Bytes of all scalars and names, those that aliases repeat included.
const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Values inside of one another. JSON that is deeper is refused by the services.
const DEPTH_MAX: usize = 120;
/// Faults of one text: more are of no use.
const FAULTS_MAX: usize = 100;

/// Why a text is not one value.
#[derive(Debug)]
pub(crate) enum InvalidYaml {
    /// It can't be read to its end.
    Syntax(Fault),
    /// It can be read, and parts of it are not allowed. At least one.
    Faults(Vec<Fault>),
}

/// Parses a text that holds one document.
pub(crate) fn parse(text: &str) -> Result<Node, InvalidYaml> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        path: String::new(),
        faults: Vec::new(),
        anchors: HashMap::new(),
        size: Size::default(),
        anchored_nodes: 0,
    };
    let root = reader.document().map_err(InvalidYaml::Syntax)?;
    match root {
        Some(root) if reader.faults.is_empty() => Ok(root),
        _ => Err(InvalidYaml::Faults(reader.faults)),
    }
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    path: String,
    faults: Vec<Fault>,
    /// What has a name (`&base`), once it is complete.
    anchors: HashMap<usize, Anchored>,
    size: Size,
    /// Values of all anchors: each is a copy.
    anchored_nodes: usize,
}

struct Anchored {
    node: Node,
    size: Size,
    /// Values inside of one another in it.
    height: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Option<Node>, Fault> {
        let mut root = None;
        loop {
            let (event, position) = self.next_event()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    self.fault(position, "a file holds one document");
                    return Ok(None);
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, position, 0)?),
            }
        }
        if root.is_none() {
            let start = Position { line: 1, column: 1 };
            self.fault(start, "the file is empty");
        }
        Ok(root)
    }

    fn next_event(&mut self) -> Result<(Event<'t>, Position), Fault> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, position_of(&span.start))),
            Some(Err(error)) => Err(Fault {
                path: self.path.clone(),
                position: Some(position_of(error.marker())),
                reason: error.info(),
            }),
            None => Ok((Event::StreamEnd, Position { line: 1, column: 1 })),
        }
    }

    /// The node that begins with this event.
    fn node(&mut self, event: Event<'t>, position: Position, depth: usize) -> Result<Node, Fault> {
        let before = self.size;
        if depth > DEPTH_MAX {
            return Err(self.at(position, format!("is more than {DEPTH_MAX} levels deep")));
        }
        let (anchor, value) = match event {
            Event::Alias(anchor) => return self.alias(anchor, position, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.grow(1, text.len(), position)?;
                let scalar = self.scalar(text.into_owned(), style, tag.as_deref(), position);
                (anchor, NodeValue::Scalar(scalar))
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.grow(1, 0, position)?;
                self.check_tag(tag.as_deref(), "seq", position);
                (anchor, NodeValue::List(self.list(depth)?))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.grow(1, 0, position)?;
                self.check_tag(tag.as_deref(), "map", position);
                (anchor, NodeValue::Map(self.map(depth)?))
            }
            _ => return Err(self.at(position, "a value is missing")),
        };
        let node = Node { value, position };
        if anchor != 0 {
            let size = Size {
                nodes: self.size.nodes - before.nodes,
                bytes: self.size.bytes - before.bytes,
            };
            self.anchored_nodes += size.nodes;
            if self.anchored_nodes > NODES_MAX {
                return Err(self.at(position, "anchors inside of one another are too large"));
            }
            let anchored = Anchored {
                height: height_of(&node),
                node: node.clone(),
                size,
            };
            self.anchors.insert(anchor, anchored);
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, position: Position, depth: usize) -> Result<Node, Fault> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self.at(position, "an alias is inside of what it repeats"));
        };
        let (size, height) = (anchored.size, anchored.height);
        if depth + height > DEPTH_MAX {
            return Err(self.at(position, format!("is more than {DEPTH_MAX} levels deep")));
        }
        self.grow(size.nodes, size.bytes, position)?;
        Ok(self.anchors[&anchor].node.clone())
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        let length = self.path.len();
        loop {
            let (event, position) = self.next_event()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(items);
            }
            self.path.push_str(&format!("[{}]", items.len()));
            items.push(self.node(event, position, depth + 1)?);
            self.path.truncate(length);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut names: HashMap<String, usize> = HashMap::new();
        let mut bases = Vec::new();
        let length = self.path.len();
        loop {
            let (event, position) = self.next_event()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = is_merge_key(&event);
            let name = self.name(event, position, depth)?;
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            let (event, value_position) = self.next_event()?;
            let node = self.node(event, value_position, depth + 1)?;
            if is_merge {
                bases.push(node);
            } else if let Some(line) = names.insert(name.clone(), position.line) {
                self.fault(position, format!("is there twice, first in line {line}"));
            } else {
                entries.push(Entry {
                    name,
                    position,
                    node,
                });
            }
            self.path.truncate(length);
        }
        for base in bases {
            self.merge(base, &mut entries, &mut names);
        }
        Ok(entries)
    }

    /// Adds the fields of a base that the map does not have itself. The first of several bases wins.
    fn merge(&mut self, base: Node, entries: &mut Vec<Entry>, names: &mut HashMap<String, usize>) {
        match base.value {
            NodeValue::Map(fields) => {
                for entry in fields {
                    if !names.contains_key(&entry.name) {
                        names.insert(entry.name.clone(), entry.position.line);
                        entries.push(entry);
                    }
                }
            }
            NodeValue::List(items)
                if items
                    .iter()
                    .all(|item| matches!(item.value, NodeValue::Map(_))) =>
            {
                for item in items {
                    self.merge(item, entries, names);
                }
            }
            NodeValue::Scalar(_) | NodeValue::List(_) => {
                self.fault(base.position, "`<<` merges maps, and this is none");
            }
        }
    }

    /// The name of a field: a scalar as it was written, whatever it would be as a value.
    fn name(
        &mut self,
        event: Event<'t>,
        position: Position,
        depth: usize,
    ) -> Result<String, Fault> {
        let name = match event {
            Event::Scalar(text, style, anchor, _) => {
                self.grow(0, text.len(), position)?;
                if text.is_empty() && style == ScalarStyle::Plain {
                    self.fault(position, "the name of a field is missing");
                }
                let text = text.into_owned();
                if anchor != 0 {
                    let scalar = Scalar {
                        text: text.clone(),
                        value: ScalarValue::Text,
                    };
                    let node = Node {
                        value: NodeValue::Scalar(scalar),
                        position,
                    };
                    let size = Size {
                        nodes: 1,
                        bytes: text.len(),
                    };
                    self.anchors.insert(
                        anchor,
                        Anchored {
                            node,
                            size,
                            height: 0,
                        },
                    );
                }
                Some(text)
            }
            Event::Alias(anchor) => match self.alias(anchor, position, depth)?.value {
                NodeValue::Scalar(scalar) => Some(scalar.text),
                NodeValue::List(_) | NodeValue::Map(_) => None,
            },
            _ => None,
        };
        name.ok_or_else(|| {
            self.at(
                position,
                "the name of a field is a text, not a list or a map",
            )
        })
    }

    fn scalar(
        &mut self,
        text: String,
        style: ScalarStyle,
        tag: Option<&Tag>,
        position: Position,
    ) -> Scalar {
        let is_plain = style == ScalarStyle::Plain;
        let resolved = match tag {
            None if is_plain => resolve(&text),
            None => Ok(ScalarValue::Text),
            Some(tag) => match tag.core_suffix() {
                Some("str") => Ok(ScalarValue::Text),
                Some("int" | "float") => resolve_number(&text),
                Some("bool" | "null") => resolve(&text),
                // `! text` has the tag of a text.
                None if tag.handle().is_empty() && tag.suffix() == "!" => Ok(ScalarValue::Text),
                _ => Err(format!("the tag `{tag}` is not known")),
            },
        };
        let value = resolved.unwrap_or_else(|reason| {
            self.fault(position, reason);
            ScalarValue::Null
        });
        Scalar { text, value }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, position: Position) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(expected)
        {
            self.fault(position, format!("the tag `{tag}` is not known here"));
        }
    }

    fn grow(&mut self, nodes: usize, bytes: usize, position: Position) -> Result<(), Fault> {
        self.size.nodes += nodes;
        self.size.bytes += bytes;
        if self.size.nodes > NODES_MAX || self.size.bytes > BYTES_MAX {
            let reason = format!(
                "the file has more than {NODES_MAX} values or {BYTES_MAX} bytes of texts, with what aliases repeat"
            );
            return Err(self.at(position, reason));
        }
        Ok(())
    }

    fn fault(&mut self, position: Position, reason: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            let fault = self.at(position, reason);
            self.faults.push(fault);
        }
    }

    fn at(&self, position: Position, reason: impl Into<String>) -> Fault {
        Fault {
            path: self.path.clone(),
            position: Some(position),
            reason: reason.into(),
        }
    }
}

fn is_merge_key(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
}

fn height_of(node: &Node) -> usize {
    let of_all =
        |heights: &mut dyn Iterator<Item = usize>| heights.max().map_or(0, |height| height + 1);
    match &node.value {
        NodeValue::Scalar(_) => 0,
        NodeValue::List(items) => of_all(&mut items.iter().map(height_of)),
        NodeValue::Map(entries) => of_all(&mut entries.iter().map(|entry| height_of(&entry.node))),
    }
}

fn position_of(marker: &Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}
