//! What was measured, by the size of the graph.

pub struct Table {
    /// The ending of the values' names in JSON.
    pub unit: &'static str,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub modules: u32,
    pub values: Vec<(String, f64)>,
}

impl Table {
    /// The last line says how much more the largest graph costs than the smallest.
    pub fn print(&self) {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else { return };
        let headings = first.values.iter().map(|(name, _)| format!("{name:>9}"));
        println!("{:<17}{}", self.unit.to_lowercase(), headings.collect::<Vec<_>>().join(" "));
        for row in &self.rows {
            println!(
                "{:>9} modules{}",
                row.modules,
                line(row.values.iter().map(|(name, value)| (name, *value)), 0)
            );
        }
        let growth =
            first.values.iter().zip(&last.values).map(|((name, small), (_, large))| (name, large / small));
        println!("{:>17}{}", "times", line(growth, 2));
    }

    pub fn json(&self) -> String {
        let row = |row: &Row| {
            let values =
                row.values.iter().map(|(name, value)| format!(r#","{name}{}":{value:.0}"#, self.unit));
            format!(r#"{{"modules":{}{}}}"#, row.modules, values.collect::<String>())
        };
        format!("[{}]", self.rows.iter().map(row).collect::<Vec<_>>().join(","))
    }
}

/// Values below the names of their columns.
fn line<'a>(values: impl Iterator<Item = (&'a String, f64)>, decimals: usize) -> String {
    let cells = values.map(|(name, value)| format!("{value:>0$.decimals$}", name.len().max(9)));
    cells.collect::<Vec<_>>().join(" ")
}
