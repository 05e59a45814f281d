//! A page of documentation as fenced blocks: files, commands, and their output.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The fenced blocks of a page, in order.
#[derive(Debug)]
pub(crate) struct Page<'t>(Vec<Block<'t>>);

/// One block, with the line of text before it.
#[derive(Debug)]
struct Block<'t> {
    before: &'t str,
    language: &'t str,
    text: &'t str,
}

/// Commands, and their output.
#[derive(Debug)]
pub(crate) struct Step<'t> {
    pub(crate) commands: &'t str,
    prints: &'t str,
}

impl<'t> Page<'t> {
    pub(crate) fn read(text: &'t str) -> Self {
        let mut blocks = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\n```") {
            let (language, after) = after.split_once('\n').unwrap();
            let (text, after) = after.split_once("```\n").unwrap();
            let before = before.trim_end().lines().next_back().unwrap_or_default();
            blocks.push(Block { before, language, text });
            rest = after;
        }
        Self(blocks)
    }

    /// Every block of commands, with the block of output that follows it.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'t>> {
        self.0.iter().enumerate().filter(|(_, block)| block.language == "sh").map(|(index, block)| {
            let prints = self.0.get(index + 1).filter(|next| next.language == "text");
            Step { commands: block.text, prints: prints.map_or("", |next| next.text) }
        })
    }

    /// Parts of files: the blocks below a line that contains only a path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.below("`", "`:")
    }

    /// Values of charts, by the chart's folder.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.below("Values for `", "`:")
    }

    fn below(&self, begin: &str, end: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.iter().filter_map(move |block| {
            let name = block.before.strip_prefix(begin)?.strip_suffix(end)?;
            (!name.contains('`')).then_some((name, block.text))
        })
    }
}

impl Step<'_> {
    /// The first line that should have been printed, in this order, and was not. `…` stands for anything in a line.
    pub(crate) fn missing_in(&self, printed: &str) -> Option<&str> {
        let mut rest = printed;
        self.prints.lines().find(|line| {
            for part in line.split('…') {
                let Some(at) = rest.find(part) else { return true };
                rest = &rest[at + part.len()..];
            }
            false
        })
    }
}

pub(crate) fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
