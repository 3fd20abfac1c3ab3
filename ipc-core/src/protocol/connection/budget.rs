//! `Budget`: what the unfinished frames of all peers of a server may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Input;

/// How many bytes of unfinished frames all peers together may have sent, and how many they have.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

/// One connection's part of a budget; dropping it gives the part back.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Option<Arc<Budget>>,
    held: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }
}

impl Charge {
    /// Returns a part of nothing yet; without a budget there is no limit.
    pub(crate) fn new(budget: Option<Arc<Budget>>) -> Self {
        Self { budget, held: 0 }
    }

    /// Makes this connection's part so many bytes, or leaves it as it is and returns what to feed to
    /// the connection's machine.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Input> {
        // Nearly always: nothing is unfinished, and nothing was.
        if bytes == self.held {
            return Ok(());
        }
        let Some(budget) = &self.budget else { return Ok(()) };
        // A count orders nothing else, so relaxed will do.
        if let Some(more) = bytes.checked_sub(self.held) {
            let actual = budget.used.fetch_add(more, Ordering::Relaxed).saturating_add(more);
            if actual > budget.limit {
                budget.used.fetch_sub(more, Ordering::Relaxed);
                return Err(Input::OverBudget { limit: budget.limit, actual });
            }
        } else {
            budget.used.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.used.fetch_sub(self.held, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_and_given_back_up_to_the_limit() {
        let budget = Arc::new(Budget::new(10));
        let mut one = Charge::new(Some(Arc::clone(&budget)));
        let mut two = Charge::new(Some(Arc::clone(&budget)));
        assert!(one.set(9).is_ok() && two.set(1).is_ok());
        let refused = two.set(2);
        assert!(matches!(refused, Err(Input::OverBudget { limit: 10, actual: 11 })));
        assert!(one.set(8).is_ok() && two.set(2).is_ok());
        drop(two);
        assert!(one.set(10).is_ok());
        drop(one);
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
        assert!(Charge::new(None).set(usize::MAX).is_ok());
    }
}
