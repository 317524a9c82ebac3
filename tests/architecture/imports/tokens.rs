//! The tokens of macros, whose grammar nobody knows: their paths, accesses and literals.

use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;
use syn::ext::IdentExt as _;

/// What tokens refer to.
#[derive(Default)]
pub(crate) struct TokenReferences {
    /// The paths of two segments or more.
    pub(crate) paths: Vec<Vec<String>>,
    /// `world.chats` is `("world", "chats")`.
    pub(crate) accesses: Vec<(String, String)>,
    pub(crate) literals: Vec<String>,
}

impl TokenReferences {
    pub(crate) fn of(tokens: TokenStream) -> Self {
        let mut references = Self::default();
        references.read(tokens);
        references
    }

    fn read(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        self.read_accesses(&trees);
        let mut path = Vec::new();
        // How many colons have followed the path so far.
        let mut colons = 0;
        for tree in trees {
            if let TokenTree::Punct(punct) = &tree
                && punct.as_char() == ':'
            {
                colons += 1;
                continue;
            }
            if colons != 2 || !matches!(tree, TokenTree::Ident(_)) {
                self.end_path(&mut path);
            }
            colons = 0;
            match tree {
                TokenTree::Ident(ident) => path.push(ident.unraw().to_string()),
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string()) {
                        self.literals.push(text.value());
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
        self.end_path(&mut path);
    }

    fn end_path(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.paths.push(path);
        }
    }

    fn read_accesses(&mut self, trees: &[TokenTree]) {
        for window in trees.windows(3) {
            if let [
                TokenTree::Ident(base),
                TokenTree::Punct(dot),
                TokenTree::Ident(member),
            ] = window
                && dot.as_char() == '.'
            {
                let access = (base.unraw().to_string(), member.unraw().to_string());
                self.accesses.push(access);
            }
        }
    }
}
