using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Which page of a list is asked for.</summary>
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
