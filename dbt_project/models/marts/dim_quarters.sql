{{ fiscal_periods_of('quarter_start_date') }}
