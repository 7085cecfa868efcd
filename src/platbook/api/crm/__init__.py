"""Routes of the CRM: leads, tasks, interactions, intake."""
