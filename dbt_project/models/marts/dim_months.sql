{{ fiscal_periods_of('month_start_date') }}
