namespace Mailbox.Proof;

/// <summary>The reports of several runs as a page.</summary>
static class Markdown
{
    const int MostBreaches = 12;

    public static IEnumerable<string> Of(string topology, IReadOnlyList<Report> reports) =>
        [.. Runs(topology, reports), "", .. Faults(reports), "", .. Breaches(reports)];

    static IEnumerable<string> Runs(string topology, IReadOnlyList<Report> reports) =>
    [
        $"### {topology}", "",
        "| seed | s | faults | deliveries | of them in .NET | sends | membership changes | removals | attempts repeated | messages read | of them twice | opens | breaches |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        .. reports.Select(one =>
            $"| {one.Seed} | {one.Duration.TotalSeconds:0} | {one.Strikes.Count} | {one.Deliveries:N0} | {one.ByGridClient:N0} | {one.Sends:N0} | {one.Changes:N0} | {one.Removals:N0} "
            + $"| {one.Repeats:N0} | {one.Read:N0} | {one.Twice:N0} | {one.Opens:N0} | {one.Findings.Count} |"),
    ];

    static IEnumerable<string> Faults(IReadOnlyList<Report> reports) =>
    [
        "| fault | times | without a message: median reader, s | longest, s | slowest answer to a delivery, s |", "|---|---:|---:|---:|---:|",
        .. reports.SelectMany(report => report.Strikes.Select(strike => (report, strike))).GroupBy(one => one.strike.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => Fault(kind.Key, [.. kind.Select(one => (Service.During(one.report.Audience, one.strike), one.report.SlowestAnswer(one.strike)))])),
    ];

    static string Fault(string kind, IReadOnlyList<(Service Service, TimeSpan Slowest)> strikes)
    {
        var medians = strikes.Select(one => one.Service.Median.TotalSeconds).Order().ToArray();
        return $"| {kind} | {strikes.Count} | {medians[medians.Length / 2]:0.0} | {strikes.Max(one => one.Service.Longest.TotalSeconds):0.0} "
            + $"| {strikes.Max(one => one.Slowest.TotalSeconds):0.0} |";
    }

    static IEnumerable<string> Breaches(IReadOnlyList<Report> reports) => reports.SelectMany(Breaches).DefaultIfEmpty("No promise was broken.");

    static IEnumerable<string> Breaches(Report report)
    {
        foreach (var finding in report.Findings.Take(MostBreaches)) yield return $"- seed {report.Seed}: {finding}";
        if (report.Findings.Count > MostBreaches) yield return $"- seed {report.Seed}: and {report.Findings.Count - MostBreaches:N0} more";
    }
}
