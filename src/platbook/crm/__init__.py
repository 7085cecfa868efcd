"""The CRM: leads, tasks, interactions, lead intake, import and export."""
