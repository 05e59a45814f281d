//! The list of the contents of an image (CycloneDX 1.6): the crates that are linked into the program, the C
//! library and the certificate authorities.
//!
//! `cargo-cyclonedx` also lists procedural macros, and crates of features that the program does not have, and writes
//! CycloneDX 1.5 at most. `cargo tree` prints exactly the crates that are linked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::version::Version;
use crate::cargo::{cargo, workspace_dir};
use crate::programs::{glibc, host, rust};

/// Crates whose names begin with this have their licence only in a file.
const TEMPORAL: (&str, &str) = ("temporalio-", "MIT");
/// The crate from which [`super::folder`] has the authorities, and their licence.
const AUTHORITIES: (&str, &str) = ("webpki-root-certs", "CDLA-Permissive-2.0");

/// The crates that are linked into some programs, and which uses which.
#[derive(Debug, Default)]
pub(super) struct Crates {
    found: BTreeMap<Id, Found>,
    /// SHA-256 by crate.
    checksums: BTreeMap<Id, String>,
}

/// Name and version.
type Id = (String, String);

#[derive(Debug, Default)]
struct Found {
    licence: String,
    uses: BTreeSet<Id>,
}

impl Crates {
    /// Returns the crates of programs that are built together, with the features that they have then.
    pub(super) fn of(programs: &[&str]) -> Result<Self> {
        let mut tree = cargo();
        tree.args(["tree", "--locked", "--target", &host()?, "--edges", "normal,no-proc-macro"]);
        tree.args(["--prefix", "depth", "--format", "|{p}|{l}"]);
        tree.args(programs.iter().flat_map(|name| ["-p", name]));
        let output = tree.output().context("cargo does not start")?;
        ensure!(output.status.success(), "`cargo tree`: {}", String::from_utf8_lossy(&output.stderr).trim());
        let lock =
            fs::read_to_string(workspace_dir().join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let found = parse(&String::from_utf8_lossy(&output.stdout))
            .context("the output of `cargo tree` cannot be read")?;
        Ok(Self { found, checksums: checksums(&lock)? })
    }

    /// Returns the list of the contents of `image`, which contains `program`, as JSON. It depends only on
    /// source and tools.
    pub(super) fn list(&self, image: &str, program: &str, version: &Version) -> Result<String> {
        let root = (program.to_owned(), version.number.to_owned());
        ensure!(self.found.contains_key(&root), "cargo has no program {program} {}", version.number);
        let linked = self.linked(&root);
        let mut components: Vec<Value> = linked.iter().map(|id| self.component(id)).collect();
        components.extend(self.others()?);
        let mut dependencies: Vec<Value> = linked
            .iter()
            .map(|id| {
                json!({
                    "ref": reference(id),
                    "dependsOn": self.found[*id].uses.iter().map(reference).collect::<Vec<_>>(),
                })
            })
            .collect();
        dependencies.push(json!({"ref": image, "dependsOn": [reference(&root)]}));
        let list = json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": version.created.to_string(),
                "component": {
                    "type": "container",
                    "bom-ref": image,
                    "name": image,
                    "version": version.number,
                    "licenses": licences("Apache-2.0"),
                    "properties": [{"name": "revision", "value": version.revision}],
                },
            },
            "components": components,
            "dependencies": dependencies,
        });
        Ok(serde_json::to_string_pretty(&list)?)
    }

    /// Returns the program and all crates that it uses, directly or indirectly.
    fn linked<'a>(&'a self, root: &'a Id) -> BTreeSet<&'a Id> {
        let (mut linked, mut open) = (BTreeSet::new(), vec![root]);
        while let Some(id) = open.pop() {
            if linked.insert(id) {
                open.extend(self.found.get(id).into_iter().flat_map(|found| &found.uses));
            }
        }
        linked
    }

    fn component(&self, id: &Id) -> Value {
        let checksum = self.checksums.get(id);
        let mut component = json!({
            "type": "library",
            "bom-ref": reference(id),
            "name": id.0,
            "version": id.1,
            "licenses": licences(match self.found[id].licence.as_str() {
                "" if id.0.starts_with(TEMPORAL.0) => TEMPORAL.1,
                licence => licence,
            }),
        });
        // A crate without a checksum in Cargo.lock is one of this workspace, and in no registry.
        if let Some(checksum) = checksum {
            component["purl"] = json!(format!("pkg:cargo/{}@{}", id.0, id.1));
            component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
        }
        component
    }

    /// Returns the contents of an image that are not crates of its program.
    fn others(&self) -> Result<Vec<Value>> {
        let generic = |name: &str, version: &str, licence: &str| {
            let package = format!("pkg:generic/{name}@{version}");
            json!({
                "type": "library", "bom-ref": package, "name": name, "version": version, "purl": package,
                "licenses": licences(licence),
            })
        };
        let authorities = self.checksums.keys().find(|(name, _)| name == AUTHORITIES.0);
        let (name, version) = authorities.context("Cargo.lock has no authorities")?;
        let package = format!("pkg:cargo/{name}@{version}");
        let mut others = vec![
            generic("rust-std", &rust()?, "MIT OR Apache-2.0"),
            json!({
                "type": "data", "bom-ref": format!("authorities:{package}"), "name": name, "version": version,
                "description": "The authorities that Mozilla trusts, in etc/ssl/certs", "purl": package,
                "licenses": licences(AUTHORITIES.1),
            }),
        ];
        others.extend(
            glibc().map(|(major, minor)| generic("glibc", &format!("{major}.{minor}"), "LGPL-2.1-or-later")),
        );
        Ok(others)
    }
}

fn reference((name, version): &Id) -> String {
    format!("{name}@{version}")
}

/// Returns an empty list for an empty expression. Old manifests write `/` for `OR`.
fn licences(expression: &str) -> Value {
    match expression.trim() {
        "" => json!([]),
        expression => {
            let alternatives: Vec<&str> = expression.split('/').map(str::trim).collect();
            json!([{"expression": alternatives.join(" OR ")}])
        }
    }
}

/// Reads lines of `DEPTH|NAME vVERSION …|LICENCE`. cargo prints what a crate uses only below the first line
/// of that crate, and marks the others with `(*)`.
fn parse(tree: &str) -> Option<BTreeMap<Id, Found>> {
    let mut found = BTreeMap::<Id, Found>::new();
    let mut path: Vec<Id> = Vec::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let mut fields = line.splitn(3, '|');
        let depth: usize = fields.next()?.parse().ok()?;
        let (name, rest) = fields.next()?.split_once(" v")?;
        let id = (name.to_owned(), rest.split(' ').next()?.to_owned());
        let licence = fields.next()?.trim_end_matches("(*)").trim_end();
        licence.clone_into(&mut found.entry(id.clone()).or_default().licence);
        path.truncate(depth);
        if let Some(user) = path.last().and_then(|user| found.get_mut(user)) {
            user.uses.insert(id.clone());
        }
        path.push(id);
    }
    Some(found)
}

fn checksums(lock: &str) -> Result<BTreeMap<Id, String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let entry = |package: &toml::Value| {
        let text = |key| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        Some(((text("name")?, text("version")?), text("checksum")?))
    };
    Ok(packages.filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_printed_below_an_earlier_line_are_found() {
        let tree = "0|a v1.0.0 (/here)|MIT\n1|b v2.1.0|MIT/Apache-2.0\n2|c v3.0.0|ISC\n\n\
            0|d v1.0.0 (/here)|MIT\n1|b v2.1.0|MIT/Apache-2.0 (*)\n";
        let crates = Crates { found: parse(tree).unwrap(), checksums: BTreeMap::new() };
        let id = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let root = id("d", "1.0.0");
        let linked: Vec<String> = crates.linked(&root).into_iter().map(reference).collect();
        assert_eq!(linked, ["b@2.1.0", "c@3.0.0", "d@1.0.0"]);
        let component = crates.component(&id("b", "2.1.0"));
        assert_eq!(component["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
