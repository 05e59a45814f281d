//! What commands print: data to standard output, all else to standard error.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use bridge_client::Call;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The form of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people.
    Table,
    /// A table with more columns.
    Wide,
    /// The JSON of the API, unchanged.
    Json,
    /// The same as YAML.
    Yaml,
    /// Names only, one in each line, for other commands.
    Name,
}

/// Data that can be printed in each form.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The JSON, as the bridge has sent it.
    pub(crate) json: String,
    /// The names of the columns.
    pub(crate) header: &'static [&'static str],
    /// The number of columns that are also in the table which is not wide.
    pub(crate) narrow: usize,
    /// The cells. The first one of a row is the name.
    pub(crate) rows: Vec<Vec<String>>,
}

/// Prints data in this form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output(pub(crate) Format);

impl Output {
    /// Prints a list.
    pub(crate) fn list(self, listing: &Listing) -> Result<()> {
        match self.0 {
            Format::Table => table(&listing.header[..listing.narrow], &listing.rows),
            Format::Wide => table(listing.header, &listing.rows),
            Format::Json => line(&listing.json),
            Format::Yaml => yaml(&listing.json),
            Format::Name => listing.rows.iter().try_for_each(|row| line(&row[0])),
        }
    }

    /// Prints a document: in a table as labels and texts, of which empty ones are left out.
    pub(crate) fn document(self, json: &str, name: &str, fields: &[(&str, String)]) -> Result<()> {
        match self.0 {
            Format::Json => line(json),
            Format::Yaml => yaml(json),
            Format::Name => line(name),
            Format::Table | Format::Wide => {
                let fields: Vec<_> = fields.iter().filter(|(_, text)| !text.is_empty()).collect();
                let width = fields.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
                for (label, text) in fields {
                    let text = text.replace('\n', &format!("\n{:width$}  ", ""));
                    line(&format!("{label:width$}  {}", states(&text)))?;
                }
                Ok(())
            }
        }
    }

    /// Prints what was done: the response of the API for programs, a sentence for people.
    pub(crate) fn report(self, json: &str, name: &str, sentence: &str) -> Result<()> {
        match self.0 {
            Format::Json | Format::Yaml | Format::Name => self.document(json, name, &[]),
            Format::Table | Format::Wide => line(sentence),
        }
    }

    /// Prints what was done, where the API returns nothing.
    pub(crate) fn done(self, name: &str, sentence: &str) -> Result<()> {
        match self.0 {
            Format::Name => line(name),
            Format::Table | Format::Wide => line(sentence),
            Format::Json | Format::Yaml => Ok(()),
        }
    }
}

/// Gets all pages of a list: the items, and the JSON of all of them. One page is as the bridge has sent it.
pub(crate) async fn everything<T: DeserializeOwned>(call: Call<Vec<T>>) -> Result<(Vec<T>, String)> {
    let (mut items, mut pages) = (Vec::new(), Vec::new());
    let mut next = call.pages();
    while let Some(page) = next.next().await? {
        if !page.value.is_empty() {
            pages.push(page.text().to_owned());
        }
        items.extend(page.value);
    }
    let inside = |page: &String| {
        let inside = page.trim().strip_prefix('[').and_then(|page| page.strip_suffix(']'));
        inside.unwrap_or_default().to_owned()
    };
    let json = match pages.as_slice() {
        [page] => page.clone(),
        pages => array(&pages.iter().map(inside).collect::<Vec<_>>()),
    };
    Ok((items, json))
}

/// Returns JSON texts as an array.
pub(crate) fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

/// Prints a line of data.
pub(crate) fn line(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Prints something for people only.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// Prints the warnings of an answer.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        eprintln!("{} {warning}", paint(&io::stderr(), "warning:", "33"));
    }
}

/// Returns the JSON as YAML.
pub(crate) fn to_yaml(json: &str) -> Result<String> {
    let value: Value = serde_json::from_str(json).context("the response cannot be written as YAML")?;
    serde_saphyr::to_string(&value).context("the response cannot be written as YAML")
}

fn yaml(json: &str) -> Result<()> {
    line(to_yaml(json)?.trim_end())
}

/// Prints columns, as wide as their longest cell.
fn table(header: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let padded = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    if rows.is_empty() {
        note("there are none");
        return Ok(());
    }
    line(&padded(header.to_vec()))?;
    rows.iter().try_for_each(|row| line(&states(&padded(row.iter().map(String::as_str).collect()))))
}

/// Returns the text with states of workflows in colours.
fn states(text: &str) -> String {
    const COLOURS: [(&str, &str); 7] = [
        ("Running", "34"),
        ("Paused", "33"),
        ("Completed", "32"),
        ("Failed", "31"),
        ("TimedOut", "31"),
        ("Terminated", "31"),
        ("Drifted", "33"),
    ];
    let stdout = io::stdout();
    COLOURS.iter().fold(text.to_owned(), |text, (state, colour)| {
        // Only as a word of its own: names can have any text in them.
        text.split_inclusive(' ')
            .map(
                |word| if word.trim_end() == *state { paint(&stdout, word, colour) } else { word.to_owned() },
            )
            .collect()
    })
}

/// Returns the text in a colour, if it goes to a terminal whose user wants colours.
pub(crate) fn paint(stream: &impl IsTerminal, text: &str, colour: &str) -> String {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let wanted = set("CLICOLOR_FORCE") || stream.is_terminal() && !set("NO_COLOR");
    if wanted { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}
