//! A market: sellers offer goods for a price, and buyers pay in coins. Goods and coins are the state of
//! the market, so that a sale is one change. With `perception: same_place` in the world, agents use a
//! market at their own location only.

use std::collections::BTreeMap;

use manyworlds_sdk::{Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, schemars};
use serde::{Deserialize, Serialize};

/// The maximum number of goods on offer, and the maximum length of a name: the state of an entity has
/// at most 64 KiB.
const GOODS_MAX: usize = 100;
const NAME_BYTES_MAX: usize = 100;
/// The maximum number of sales in the state, the newest: the log has all of them.
const SALES_MAX: usize = 100;

/// Offer something for a price, in coins.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MarketOffer {
    good: String,
    price: u64,
}

/// Buy what is on offer.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MarketBuy {
    good: String,
}

/// Something is on offer.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MarketOffered {
    good: String,
    price: u64,
    seller: String,
}

/// Something was sold.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MarketSold {
    good: String,
    price: u64,
    seller: String,
    buyer: String,
}

/// Nothing was offered or bought, and why.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct MarketRefused {
    reason: String,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Good {
    price: u64,
    seller: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Sale {
    good: String,
    buyer: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Market {
    /// What is on offer, by name.
    goods: BTreeMap<String, Good>,
    /// How many coins each has; who is not here has none.
    coins: BTreeMap<String, u64>,
    /// What was sold last, oldest first.
    sales: Vec<Sale>,
}

impl Object for Market {
    const TYPE: &'static str = "market";
}

impl Market {
    fn offer(&mut self, name: &str, good: Good) -> Result<(), String> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(format!(
                "the name of a good has 1 to {NAME_BYTES_MAX} bytes"
            ));
        }
        if self.goods.contains_key(name) {
            return Err(format!("there is a {name} on offer already"));
        }
        if self.goods.len() >= GOODS_MAX {
            return Err(format!("there is room for {GOODS_MAX} goods"));
        }
        self.goods.insert(name.to_owned(), good);
        Ok(())
    }

    fn buy(&mut self, name: &str, buyer: &str) -> Result<Good, String> {
        let Some(good) = self.goods.get(name) else {
            return Err(format!("there is no {name} on offer"));
        };
        if good.seller == buyer {
            return Err(format!("the {name} is yours"));
        }
        let coins = |who: &str| self.coins.get(who).copied().unwrap_or(0);
        let (has, earned) = (coins(buyer), coins(&good.seller).checked_add(good.price));
        let Some(left) = has.checked_sub(good.price) else {
            return Err(format!(
                "the {name} costs {}, and you have {has}",
                good.price
            ));
        };
        let Some(earned) = earned else {
            return Err(format!("{} can't hold more coins", good.seller));
        };
        let good = good.clone();
        self.goods.remove(name);
        self.coins.insert(buyer.to_owned(), left);
        self.coins.insert(good.seller.clone(), earned);
        let (sold, buyer) = (name.to_owned(), buyer.to_owned());
        self.sales.push(Sale { good: sold, buyer });
        let excess = self.sales.len().saturating_sub(SALES_MAX);
        self.sales.drain(..excess);
        Ok(good)
    }
}

pub(super) fn object_type() -> ObjectType<impl Object> {
    ObjectType::<Market>::default()
        .ability("offer", offer)
        .ability("buy", buy)
}

type Stall = ObjectCtx<Market>;

async fn offer(event: Received<MarketOffer>, mut market: Stall) -> Result<Stall, Error> {
    let (seller, price) = (event.sender.to_string(), event.price);
    let good = Good {
        price,
        seller: seller.clone(),
    };
    match market.state.offer(&event.good, good) {
        Ok(()) => market.send(&MarketOffered {
            good: event.event.good,
            price,
            seller,
        })?,
        Err(reason) => market.send_to(&event.sender, &MarketRefused { reason })?,
    }
    Ok(market)
}

async fn buy(event: Received<MarketBuy>, mut market: Stall) -> Result<Stall, Error> {
    match market.state.buy(&event.good, event.sender.as_str()) {
        Ok(sold) => market.send(&MarketSold {
            good: event.event.good,
            price: sold.price,
            seller: sold.seller,
            buyer: event.sender.to_string(),
        })?,
        Err(reason) => market.send_to(&event.sender, &MarketRefused { reason })?,
    }
    Ok(market)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_and_goods_change_hands_together_or_not_at_all() {
        let mut market = Market::default();
        market.coins.insert("ben".to_owned(), 5);
        let good = |price| Good {
            price,
            seller: "mara".to_owned(),
        };
        market.offer("lamp", good(4)).unwrap();
        market.offer("boat", good(4)).unwrap();
        assert!(market.offer("lamp", good(1)).is_err());
        assert!(market.offer("", good(1)).is_err());
        assert!(market.buy("lamp", "mara").is_err());
        assert!(market.buy("moon", "ben").is_err());
        market.buy("lamp", "ben").unwrap();
        let reason = market.buy("boat", "ben").map(drop).unwrap_err();
        assert_eq!(reason, "the boat costs 4, and you have 1");
        let coins = |who| market.coins.get(who).copied();
        assert_eq!((coins("ben"), coins("mara")), (Some(1), Some(4)));
        assert_eq!((market.goods.len(), market.sales.len()), (1, 1));
    }
}
