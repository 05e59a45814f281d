//! Which files of a crate import which, read from their tokens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The segments of a path, as `crate::a::B`.
type Names = Vec<String>;

/// One file uses an item of another.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) from: PathBuf,
    pub(super) line: usize,
    /// As it is written.
    pub(super) path: String,
    pub(super) to: PathBuf,
}

/// The modules of one crate, by their paths from its root; several may be in one file.
#[derive(Debug, Default)]
struct Modules(BTreeMap<Names, Module>);

#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    is_test: bool,
    /// What `use` declarations bring in: the name here, and the path it stands for.
    names: BTreeMap<String, Names>,
    /// Paths in declarations and code, with the line of each.
    paths: Vec<(usize, Names)>,
}

/// Returns the imports of the files beside and below `root`, the first file of a crate: one of each file by another.
pub(super) fn imports(root: &Path, files: &[PathBuf]) -> Result<Vec<Import>> {
    let folder = root.parent().context("a file has a folder")?;
    let mut modules = Modules::default();
    for file in files.iter().filter(|file| file.starts_with(folder)) {
        let mut path: Names = file
            .strip_prefix(folder)?
            .with_extension("")
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        if file == root || path.last().is_some_and(|name| name == "mod") {
            path.pop();
        }
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let tokens = text.parse().map_err(|error| anyhow!("cannot parse {}: {error}", file.display()))?;
        modules.at(&path).file.clone_from(file);
        modules.read(tokens, &path);
    }
    Ok(modules.imports())
}

impl Modules {
    /// Reads the tokens of the module at this path.
    fn read(&mut self, tokens: TokenStream, at: &Names) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        let mut exported = false;
        while let Some(token) = tokens.get(index) {
            let rest = &tokens[index..];
            index += 1;
            match (token, rest.get(1), rest.get(2)) {
                (TokenTree::Punct(_), Some(TokenTree::Group(attribute)), _)
                    if is_test(attribute.stream()) =>
                {
                    let end = rest.iter().position(ends_item).unwrap_or(rest.len() - 1);
                    if let [.., TokenTree::Ident(word), TokenTree::Ident(name), _] = &rest[..=end]
                        && word == "mod"
                    {
                        self.at(&[at.as_slice(), &[name.to_string()]].concat()).is_test = true;
                    }
                    index += end;
                }
                (TokenTree::Ident(word), Some(TokenTree::Ident(name)), Some(TokenTree::Group(group)))
                    if word == "mod" =>
                {
                    let path = [at.as_slice(), &[name.to_string()]].concat();
                    let file = self.0[at].file.clone();
                    self.at(&path).file = file;
                    self.read(group.stream(), &path);
                    index += 2;
                }
                (TokenTree::Ident(word), ..) if word == "use" => {
                    let end = rest.iter().position(is(';')).unwrap_or(rest.len());
                    self.at(at).add_use(&rest[1..end], &[], std::mem::take(&mut exported));
                    index += end;
                }
                (TokenTree::Ident(word), ..) => {
                    exported = word == "pub";
                    let mut path = vec![word.to_string()];
                    while let [TokenTree::Punct(one), TokenTree::Punct(_), TokenTree::Ident(name), ..] =
                        &tokens[index..]
                        && one.as_char() == ':'
                    {
                        path.push(name.to_string());
                        index += 3;
                    }
                    // A single name is one of this module, or was brought in by a `use` declaration.
                    if path.len() > 1 {
                        self.at(at).paths.push((word.span().start().line, path));
                    }
                }
                (TokenTree::Group(group), ..) => self.read(group.stream(), at),
                _ => {}
            }
        }
    }

    fn at(&mut self, path: &Names) -> &mut Module {
        self.0.entry(path.clone()).or_default()
    }

    fn imports(&self) -> Vec<Import> {
        let mut imports = BTreeMap::new();
        let is_test = |at: &[String]| self.0.get(at).is_some_and(|module| module.is_test);
        for (at, module) in self.0.iter().filter(|(at, _)| !(1..=at.len()).any(|end| is_test(&at[..end]))) {
            for (line, path) in &module.paths {
                let Some(to) = self.resolve(at, path, 0) else { continue };
                let (from, to) = (module.file.clone(), self.0[&to].file.clone());
                if from != to {
                    let key = (from.clone(), to.clone());
                    imports.entry(key).or_insert_with(|| Import {
                        from,
                        line: *line,
                        path: path.join("::"),
                        to,
                    });
                }
            }
        }
        imports.into_values().collect()
    }

    /// The module that defines what `path` names in the module `at`; `None` if that is in another crate, or is itself a
    /// module: it matters what is used of that.
    fn resolve(&self, at: &[String], path: &[String], depth: usize) -> Option<Names> {
        let mut module = at.to_vec();
        for (index, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => module.clear(),
                "self" if index == 0 => {}
                "super" => drop(module.pop()?),
                _ => {
                    module.push(name.clone());
                    if self.0.contains_key(&module) {
                        continue;
                    }
                    module.pop();
                    // Names that lead to themselves do not compile; those of other crates look like it.
                    let imported = self.0.get(&module)?.names.get(name).filter(|_| depth < 16);
                    return match imported {
                        Some(names) => {
                            let whole = [names.as_slice(), &path[index + 1..]].concat();
                            self.resolve(&module, &whole, depth + 1)
                        }
                        None => (index > 0).then_some(module),
                    };
                }
            }
        }
        None
    }
}

impl Module {
    /// Adds what a `use` declaration brings in; `before` is the path outside the braces that `tree` is in.
    fn add_use(&mut self, tree: &[TokenTree], before: &[String], exported: bool) {
        for tree in tree.split(is(',')) {
            let mut path = before.to_vec();
            let mut rest = tree.iter();
            let mut name = None;
            while let Some(token) = rest.next() {
                match token {
                    TokenTree::Ident(word) if word == "as" => name = rest.next().map(ToString::to_string),
                    TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                    TokenTree::Group(group) => {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.add_use(&inner, &path, exported);
                        path.clear();
                    }
                    TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                    word => path.push(word.to_string()),
                }
            }
            let (Some(first), Some(last)) = (tree.first(), path.last()) else { continue };
            self.names.insert(name.unwrap_or_else(|| last.clone()), path.clone());
            if !exported {
                self.paths.push((first.span().start().line, path));
            }
        }
    }
}

fn is(char: char) -> impl Fn(&TokenTree) -> bool {
    move |token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

/// Whether an attribute is `#[cfg(test)]`.
fn is_test(attribute: TokenStream) -> bool {
    attribute.to_string().replace(' ', "") == "cfg(test)"
}

fn ends_item(token: &TokenTree) -> bool {
    is(';')(token) || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}
