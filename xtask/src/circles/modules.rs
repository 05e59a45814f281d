//! The modules of a crate, and what each of them imports.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// The segments of a path.
type Names = Vec<String>;

/// One file uses an item of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) from: PathBuf,
    pub(super) line: usize,
    /// As it is written.
    pub(super) path: String,
    pub(super) to: PathBuf,
}

/// The modules of one crate, by their paths from its root; several may be in one file.
#[derive(Debug, Default)]
pub(super) struct Package {
    modules: BTreeMap<Names, Module>,
}

#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    /// What `use` declarations bring in: the name here, and the path it stands for.
    names: BTreeMap<String, Names>,
    /// Paths in declarations and code, with the line of each.
    paths: Vec<(usize, Names)>,
}

impl Package {
    /// Reads a crate from its root file on.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut package = Self::default();
        let folder = root.parent().context("a file has a folder")?;
        package.read_file(root, folder, Names::new())?;
        Ok(package)
    }

    /// Reads the module in `file`, whose child modules are in `folder`.
    fn read_file(&mut self, file: &Path, folder: &Path, path: Names) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let syntax = syn::parse_file(&text).with_context(|| format!("cannot parse {}", file.display()))?;
        self.read_items(&syntax.items, file, folder, path)
    }

    fn read_items(&mut self, items: &[Item], file: &Path, folder: &Path, path: Names) -> Result<()> {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        items.iter().for_each(|item| module.visit_item(item));
        self.modules.insert(path.clone(), module);
        for child in
            items.iter().filter_map(|item| if let Item::Mod(child) = item { Some(child) } else { None })
        {
            if is_test(&child.attrs) {
                continue;
            }
            let name = child.ident.to_string();
            let child_path = [path.as_slice(), std::slice::from_ref(&name)].concat();
            let child_folder = folder.join(&name);
            if let Some((_, items)) = &child.content {
                self.read_items(items, file, &child_folder, child_path)?;
            } else {
                let beside = folder.join(format!("{name}.rs"));
                let file = if beside.is_file() { beside } else { child_folder.join("mod.rs") };
                self.read_file(&file, &child_folder, child_path)?;
            }
        }
        Ok(())
    }

    /// What each file uses of another one.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (at, module) in &self.modules {
            for (line, path) in &module.paths {
                let Some(to) = self.resolve(at, path, 0) else { continue };
                let to = &self.modules[&to].file;
                if *to != module.file {
                    let (from, to) = (module.file.clone(), to.clone());
                    imports.push(Import { from, line: *line, path: path.join("::"), to });
                }
            }
        }
        imports
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
                    if self.modules.contains_key(&module) {
                        continue;
                    }
                    module.pop();
                    // Names that lead to themselves do not compile; those of other crates look like it.
                    let imported = self.modules[&module].names.get(name).filter(|_| depth < 16);
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
    fn add(&mut self, first: &Ident, path: Names) {
        self.paths.push((first.span().start().line, path));
    }

    fn add_use(&mut self, tree: &UseTree, mut path: Names, exported: bool) {
        let (ident, name) = match tree {
            UseTree::Path(next) => {
                path.push(next.ident.to_string());
                return self.add_use(&next.tree, path, exported);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.add_use(tree, path.clone(), exported));
            }
            UseTree::Glob(glob) => {
                path.push("*".to_owned());
                return self.paths.push((glob.star_token.spans[0].start().line, path));
            }
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(rename) => (&rename.ident, &rename.rename),
        };
        if ident != "self" {
            path.push(ident.to_string());
        }
        if !exported {
            self.add(ident, path.clone());
        }
        let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name.to_string() };
        self.names.insert(name, path);
    }

    /// Paths in what a macro is given, of which only the macro knows the grammar.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<Ident> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add_path(std::mem::take(&mut path));
                    }
                    path.push(ident);
                    colons = 0;
                }
                other => {
                    self.add_path(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add_path(path);
    }

    /// A single name is one of this module, or was brought in by a `use` declaration.
    fn add_path(&mut self, path: Vec<Ident>) {
        if let [first, _, ..] = path.as_slice() {
            self.add(first, path.iter().map(Ident::to_string).collect());
        }
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    /// Read as a module of its own.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_use(&item.tree, Names::new(), !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.add_path(path.segments.iter().map(|segment| segment.ident.clone()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, macro_: &'ast Macro) {
        self.visit_path(&macro_.path);
        self.add_tokens(macro_.tokens.clone());
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("cfg") && list.tokens.to_string() == "test"
    })
}
