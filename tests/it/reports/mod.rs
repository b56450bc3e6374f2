//! `/rapport-region`, `/rapport-national` and `/couverture`: the figures against a naive count, and the commands as persons
//! type them.

mod acts;
mod figures;
