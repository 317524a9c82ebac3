//! A connection of a pool, of which it is known when it may be used again.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};

/// A connection that is closed when it is dropped, unless it is given back.
///
/// After an error, or when a future that used it was dropped, nobody knows whether a transaction is
/// open on it. SQLite, for example, rolls a transaction back by itself when the disk is full; a
/// rollback then fails, and sqlx begins no transaction on that connection again.
pub(super) struct BorrowedConnection<B: Database> {
    connection: PoolConnection<B>,
    may_be_reused: bool,
}

impl<B: Database> BorrowedConnection<B> {
    pub(super) async fn acquire(pool: &Pool<B>) -> sqlx::Result<Self> {
        Ok(Self {
            connection: pool.acquire().await?,
            may_be_reused: false,
        })
    }

    /// Gives it back to the pool: what it was used for has succeeded.
    pub(super) fn give_back(mut self) {
        self.may_be_reused = true;
    }
}

impl<B: Database> Drop for BorrowedConnection<B> {
    fn drop(&mut self) {
        if !self.may_be_reused {
            self.connection.close_on_drop();
        }
    }
}

impl<B: Database> Deref for BorrowedConnection<B> {
    type Target = B::Connection;

    fn deref(&self) -> &B::Connection {
        &self.connection
    }
}

impl<B: Database> DerefMut for BorrowedConnection<B> {
    fn deref_mut(&mut self) -> &mut B::Connection {
        &mut self.connection
    }
}
