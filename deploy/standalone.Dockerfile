# docker build -f deploy/standalone.Dockerfile -t mailbox-standalone .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish standalone -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /app
RUN mkdir /data && chown $APP_UID /data
VOLUME /data
ENV Mailbox__Data=/data ASPNETCORE_URLS=http://127.0.0.1:8080
USER $APP_UID
HEALTHCHECK CMD curl -sf http://127.0.0.1:8080/healthz
ENTRYPOINT ["dotnet", "/app/Mailbox.Standalone.dll"]
