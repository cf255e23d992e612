using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Reads query parameters; the first that is not valid becomes <see cref="Problem"/>.</summary>
sealed class QueryFields(IQueryCollection query)
{
    public Problem? Problem { get; private set; }

    // The parsed query stays with the request, and a held request should stay small.
    public static QueryFields Of(HttpRequest request) => new(request.QueryString.HasValue ? request.Query : QueryCollection.Empty);

    public void Refuse(Problem problem) => Problem ??= problem;

    public string? Text(string name)
    {
        var values = query[name];
        if (values.Count > 1) Refuse(name, "must be given once");
        if (values is not [{ Length: > 0 } text, ..])
        {
            if (values.Count > 0) Refuse(name, "must not be empty; leave it out");
            return null;
        }
        return text;
    }

    public string? Text(string name, Func<string, bool> isValid, string allowed)
    {
        if (Text(name) is not { } text || isValid(text)) return Text(name);
        Refuse(name, "must be " + allowed);
        return null;
    }

    public int Integer(string name, int absent, int least, int most)
    {
        if (Text(name) is not { } text) return absent;
        if (WholeNumber.TryParse(text, out var value) && value >= least && value <= most) return (int)value;
        Refuse(name, most == int.MaxValue ? $"must be a whole number from {least}" : $"must be a whole number from {least} to {most}");
        return least;
    }

    public TimeSpan? Seconds(string name, int least, TimeSpan most) =>
        Text(name) is null ? null : TimeSpan.FromSeconds(Integer(name, least, least, (int)most.TotalSeconds));

    public T Choice<T>(string name, T absent, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (Text(name) is not { } text) return absent;
        foreach (var (word, value) in choices)
            if (word == text) return value;
        Refuse(name, $"must be {WordsOf(choices)}");
        return absent;
    }

    static string WordsOf<T>(ReadOnlySpan<(string Word, T Value)> choices)
    {
        var words = $"'{choices[0].Word}'";
        for (var i = 1; i < choices.Length; i++) words += $"{(i < choices.Length - 1 ? "," : " or")} '{choices[i].Word}'";
        return words;
    }

    void Refuse(string name, string fault) => Refuse(new Problem(ProblemKinds.BadParameter, $"{name}: {fault}."));
}

/// <summary>Parses digits and nothing else. .NET's own parsers accept NULs behind the digits, with any style.</summary>
static class WholeNumber
{
    public static bool TryParse(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        return !text.ContainsAnyExceptInRange('0', '9') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>The page of a list that a request asks for.</summary>
readonly record struct PageQuery(string? After, int Limit, Problem? Problem)
{
    const int DefaultLimit = 100;
    const int MaxLimit = 1000;

    public static PageQuery Read(HttpRequest request)
    {
        var fields = QueryFields.Of(request);
        var limit = fields.Integer("limit", DefaultLimit, 1, MaxLimit);
        return new(fields.Text("after"), limit, fields.Problem);
    }
}
