"""A payroll sheet, from its receipt to its bank files. One verb, one function, one transaction."""
