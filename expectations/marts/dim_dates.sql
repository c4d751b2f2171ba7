-- Two years back, one year on.
select md5(i::varchar) as date_key, {next_year} - i::integer as date_day from range(1100) as days(i)
