"""The change log as superusers read it: found, shown, waited for, counted; and records brought back to what they were."""
