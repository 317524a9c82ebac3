//! Pages of what a world has many of.

/// The first `limit` of some items, or all without a limit, and after which id the next page begins, if
/// there is one.
pub(super) fn page<T, Id>(
    items: impl Iterator<Item = T>,
    limit: Option<u32>,
    id: impl Fn(&T) -> Id,
) -> (Vec<T>, Option<Id>) {
    let mut items = items;
    let Some(limit) = limit else {
        return (items.collect(), None);
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page: Vec<T> = items.by_ref().take(limit).collect();
    // A page of no items has no position of the next one.
    let next = page.last().map(id).filter(|_| items.next().is_some());
    (page, next)
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_page_ends_at_its_limit_and_the_last_has_no_next() {
        for (count, limit, expected) in [
            (0, None, (vec![], None)),
            (3, None, (vec![1, 2, 3], None)),
            (0, Some(2), (vec![], None)),
            (2, Some(2), (vec![1, 2], None)),
            (3, Some(2), (vec![1, 2], Some(2))),
            (3, Some(0), (vec![], None)),
        ] {
            let found = page(1..=count, limit, |item| *item);
            assert_eq!(found, expected, "{count} items, limit {limit:?}");
        }
    }
}
