-- Sections 6, 7, 10 and 11: projects and funds, sector policies, paired help, conduct.  An amount in units of 10,000 yuan is printed so, and stored in yuan.

-- table: project_stages
SELECT place, stage, count(*) AS projects, sum(fund_amount) AS fund FROM project JOIN place ON county = county_code GROUP BY ALL;

-- table: project_types
SELECT place, project_type, count(*) AS projects, sum(fund_amount) AS fund, sum(beneficiaries) AS beneficiaries,
       sum(fund_amount) FILTER (WHERE beneficiaries IS NOT NULL) / sum(beneficiaries) FILTER (WHERE fund_amount IS NOT NULL) AS fund_per_person
FROM project JOIN place ON county = county_code WHERE stage IN ('building', 'accepted', 'operating', 'ended') GROUP BY ALL;

-- table: fund_by_year
SELECT place, CAST(fund_year AS VARCHAR) AS year, count(*) AS projects, sum(fund_amount) AS fund, sum(beneficiaries) AS beneficiaries
FROM project JOIN place ON county = county_code WHERE stage IN ('building', 'accepted', 'operating', 'ended') GROUP BY ALL;

-- table: assets
SELECT place, asset_type, count(*) AS assets, sum(original_value) AS value, count(*) FILTER (WHERE registered) AS registered, 
       count(*) FILTER (WHERE registered) / count(registered) AS registered_share, count(*) FILTER (WHERE on_three_assets_platform) AS on_platform,
       count(*) FILTER (WHERE operating_state <> 'normal') AS not_normal
FROM asset JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: asset_states
SELECT place, operating_state, count(*) AS assets, sum(original_value) AS value
FROM asset JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: issue_ageing
SELECT place, issue_type, count(*) AS found, count(closed_on) AS closed, count(*) - count(closed_on) AS "open",
       count(*) FILTER (WHERE closed_on IS NULL AND CAST(due_on AS DATE) < DATE '2020-12-31') AS overdue
FROM project_issue JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: review_outcomes
SELECT place, review_step, count(*) AS reviews, count(*) FILTER (WHERE review_outcome = 'passed') AS passed, count(*) FILTER (WHERE review_outcome = 'returned') AS returned,
       count(*) FILTER (WHERE review_outcome = 'rejected') AS rejected, count(*) FILTER (WHERE reviewed_on IS NULL) AS waiting,
       count(*) FILTER (WHERE reviewed_on IS NULL AND DATE '2020-12-31' - CAST(submitted_on AS DATE) > 20) AS overdue,
       median(CAST(reviewed_on AS DATE) - CAST(submitted_on AS DATE)) AS median_days, count(DISTINCT reviewer_id) AS reviewers
FROM project_review JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: experts
WITH who AS (
    SELECT expert_field, county_code, e.expert_id, count(r.review_id) AS reviews,
           count(*) FILTER (WHERE CAST(r.reviewed_on AS DATE) > DATE '2019-12-31') AS recent, sum(score_mode) AS mode, count(score_mode) AS modes
    FROM expert e LEFT JOIN project_review r ON r.reviewer_id = e.expert_id GROUP BY ALL)
SELECT place, expert_field, count(*) AS experts, count(*) FILTER (WHERE recent > 0) AS active, sum(reviews) AS reviews, sum(mode) / sum(modes) AS score_mode
FROM who JOIN place ON county = county_code GROUP BY ALL;

-- table: fund_flows
SELECT place, CAST(fund_year AS VARCHAR) AS year, count(DISTINCT project_id) AS projects,
       sum(amount) FILTER (WHERE flow_kind = 'allocated') AS allocated, sum(amount) FILTER (WHERE flow_kind = 'disbursed') AS disbursed,
       sum(amount) FILTER (WHERE flow_kind = 'used') AS used,
       sum(amount) FILTER (WHERE flow_kind = 'disbursed') / sum(amount) FILTER (WHERE flow_kind = 'allocated') AS disbursed_share,
       sum(amount) FILTER (WHERE flow_kind = 'used') / sum(amount) FILTER (WHERE flow_kind = 'disbursed') AS used_share
FROM fund_flow JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: papers
SELECT place, paper_step, count(*) AS projects, count(*) FILTER (WHERE papers_filed >= papers_required) AS complete,
       count(*) FILTER (WHERE papers_filed >= papers_required) / count(*) AS complete_share,
       sum(greatest(papers_required - papers_filed, 0)) AS papers_missing
FROM project_paper JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: appraisals
SELECT place, project_type, count(*) AS projects, sum(fund_amount) AS fund, sum(npv) AS npv, count(*) FILTER (WHERE npv >= 0) AS worth,
       count(*) FILTER (WHERE npv >= 0) / count(*) AS worth_share
FROM (SELECT *, fund_amount * (expected_yield_rate * (1 - pow(1.06, -term_years)) / 0.06 + residual_rate * pow(1.06, -term_years) - 1) AS npv
      FROM project WHERE project_type <> 'infrastructure') JOIN place ON county = county_code WHERE npv IS NOT NULL GROUP BY ALL;

-- table: dividends
WITH each AS (SELECT place, year, person_id, COALESCE(sum(amount) FILTER (WHERE CAST(paid_on AS DATE) <= DATE '2020-12-31'), 0) AS paid FROM dividend JOIN person_home USING (person_id) JOIN home USING (household_id) JOIN place USING (county)
              GROUP BY ALL)
SELECT place, CAST(year AS VARCHAR) AS year, count(*) AS persons, sum(paid) AS amount, sum(paid) / count(*) AS per_person FROM each GROUP BY ALL;

-- table: dividend_arrears
SELECT place, CAST(year AS VARCHAR) AS year, sum(amount) AS due_amount, count(DISTINCT person_id) AS persons,
       COALESCE(sum(amount) FILTER (WHERE paid_on IS NULL OR CAST(paid_on AS DATE) > DATE '2020-12-31'), 0) AS arrears,
       count(DISTINCT person_id) FILTER (WHERE paid_on IS NULL OR CAST(paid_on AS DATE) > DATE '2020-12-31') AS waiting
FROM dividend JOIN person_home USING (person_id) JOIN home USING (household_id) JOIN place USING (county) GROUP BY ALL;

-- table: processing
SELECT place, department, count(*) AS cases, count(decided_on) AS decided, median(CAST(decided_on AS DATE) - CAST(applied_on AS DATE)) AS median_days,
       avg(material_count) AS papers
FROM assistance_record JOIN assistance_item USING (item_code) JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(applied_on AS DATE) > DATE '2019-12-31' AND CAST(applied_on AS DATE) <= DATE '2020-12-31' GROUP BY ALL;

-- table: paired_activities
SELECT place, activity_kind, count(*) AS held, count(*) FILTER (WHERE strftime(held_on, '%Y-%m') = '2020-12') AS this_month, sum(people) AS people, sum(fund_amount) AS fund
FROM activity JOIN place ON county = county_code WHERE year(held_on) = 2020 AND activity_kind = 'paired_help' GROUP BY ALL;

-- table: activities
SELECT place, activity_kind, count(*) AS held, count(*) FILTER (WHERE strftime(held_on, '%Y-%m') = '2020-12') AS this_month, sum(people) AS people,
       sum(findings) AS found, sum(findings_closed) AS findings_closed
FROM activity JOIN place ON county = county_code WHERE year(held_on) = 2020 AND activity_kind <> 'paired_help' GROUP BY ALL;

-- table: by_severity
SELECT place, severity, count(*) AS found, count(closed_on) AS closed, count(*) FILTER (WHERE closed_on <= due_on) AS in_time,
       count(*) FILTER (WHERE closed_on IS NULL AND CAST(due_on AS DATE) < DATE '2020-12-31') AS overdue,
       avg(CAST(closed_on AS DATE) - CAST(found_on AS DATE)) AS mean_days
FROM project_issue JOIN project USING (project_id) JOIN place ON county = county_code GROUP BY ALL;

-- table: event_sources
SELECT place, reported_by, count(*) AS events, count(*) FILTER (WHERE verified) AS verified
FROM shock_event JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(event_date AS DATE) > DATE '2019-12-31' AND CAST(event_date AS DATE) <= DATE '2020-12-31' GROUP BY ALL;
