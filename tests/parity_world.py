# SPDX-License-Identifier: Apache-2.0
"""Objects of two sources, and questions about them whose answers are the same whatever database has the objects."""


def make_page(source, report, **collections):
    return {"source": {"_key": source, "name": source.upper(), "description": "d"},
            "report": {"_key": str(report), "timestamp": 1700000000000 + report}, **collections}


def make_asset(i):
    asset = {"external_id": f"a{i}", "name": ["Web", "web server", "DB%1", "x_y", f"n{i}", "ÄÖ straße"][i % 6],
             "risk": [1, 2.5, 0.1, 10, 7, 3][i % 6], "business_value": i * 1.0, "description": f"text {i}", "category": ["c", "d"][i % 2],
             "properties": {"k": i, "list": [i, "x", {"deep": i % 3}], "flag": i % 2 == 0}}
    if i >= 3:
        asset["asset_type"] = ["server", "laptop"][i % 2]
    if i in (4, 5):
        asset["tag"] = ["red", "blue"][:6 - i]
    return asset


def make_vertices(n_assets):
    return {
        "asset": [make_asset(i) for i in range(n_assets)],
        "ipaddress": [*({"_key": f"10.0.{i % 3}.{i}"} for i in range(12)), {"_key": "fe80::1"}, {"_key": "10.0.0.1", "region_id": "r1"}],
        "macaddress": [{"_key": f"00:1B:63:84:45:{i:02X}"} for i in range(5)],
        "hostname": [{"_key": f"h{i}.example.com", "host_name": f"h{i}.example.com"} for i in range(5)],
        "vulnerability": [{"external_id": f"v{i}", "name": f"CVE-{i}", "base_score": i / 2, "description": "v",
                           "published_on": 1600000000000 + i * 86400000, "disclosed_on": 1600000000000} for i in range(6)],
        "account": [{"external_id": f"ac{i}", "name": ["root", "bob", "alice"][i % 3]} for i in range(6)],
        "user": [{"external_id": f"u{i}", "username": f"user{i}", "active": i % 2 == 0} for i in range(6)],
        "port": [{"external_id": f"p{i}", "port_number": 20 + i, "protocol": "tcp"} for i in range(6)],
    }


def make_edges():
    return {
        "asset_ipaddress": [{"_from_external_id": f"a{i}", "_to": f"ipaddress/10.0.{i % 3}.{i}"} for i in range(7)],
        "asset_vulnerability": [{"_from_external_id": f"a{i % 7}", "_to_external_id": f"v{i % 6}", "external_id": str(i)} for i in range(14)],
        "asset_hostname": [{"_from_external_id": f"a{i}", "_to": f"hostname/h{i}.example.com"} for i in range(5)],
        "asset_macaddress": [{"_from_external_id": f"a{i}", "_to": f"macaddress/00:1B:63:84:45:{i:02X}"} for i in range(5)],
        "user_account": [{"_from_external_id": f"u{i}", "_to_external_id": f"ac{i}"} for i in range(6)],
        "asset_account": [{"_from_external_id": f"a{i}", "_to_external_id": f"ac{i}"} for i in range(6)],
        "ipaddress_port": [{"_from": f"ipaddress/10.0.{i % 3}.{i}", "_to_external_id": f"p{i}"} for i in range(6)],
    }


def fill(service):
    service.set_up()
    for source, n_assets in (("s", 30), ("t", 7)):
        service.run_job("POST", "imports", make_page(source, 1, **make_vertices(n_assets)))
        service.run_job("POST", "imports", make_page(source, 1, **make_edges()))
    service.run_job("POST", "imports", make_page("s", 2, asset=[{"external_id": "a1", "name": "renamed", "risk": 9}]))
    service.want("DELETE", "source/s/asset?external_ids=a20,a21")


def change(service):
    """So that an earlier moment shows something else."""
    service.run_job("POST", "imports", make_page("s", 3, asset=[{"external_id": "a2", "name": "later"}]))
    service.want("DELETE", "source/s/asset?external_ids=a3")


# Of assets.
CONDITIONS = [
    r'{name:{_eq:"Web"}}',
    r'{name:{_neq:"Web"}}',
    r'{name:{_in:["Web","x_y"]}}',
    r'{name:{_nin:["Web"]}}',
    r'{name:{_in:[]}}',
    r'{name:{_nin:[]}}',
    r'{name:{_is_null:true}}',
    r'{name:{_is_null:false}}',
    r'{name:{_like:"%e%"}}',
    r'{name:{_nlike:"%e%"}}',
    r'{name:{_ilike:"%WEB%"}}',
    r'{name:{_nilike:"%WEB%"}}',
    r'{name:{_ilike:"%äö%"}}',
    r'{name:{_like:"DB\\%1"}}',
    r'{name:{_like:"x\\_y"}}',
    r'{name:{_similar:"(Web|x)%"}}',
    r'{name:{_nsimilar:"(Web|x)%"}}',
    r'{name:{_gt:"Web"}}',
    r'{name:{_lt:"web"}}',
    r'{name:{_gte:"x_y"}}',
    r'{name:{_lte:"DB%1"}}',
    r'{name:{_regex:"^[Ww]eb"}}',
    r'{name:{_iregex:"^WEB"}}',
    r'{name:{_nregex:"e"}}',
    r'{name:{_niregex:"E"}}',
    r'{name:{_like:"Web%"}}',
    r'{risk:{_eq:2.5}}',
    r'{risk:{_eq:0.1}}',
    r'{risk:{_gt:3}}',
    r'{risk:{_in:[1,2.5]}}',
    r'{risk:{_neq:10}}',
    r'{risk:{_is_null:true}}',
    r'{risk:{_lte:2.5}}',
    r'{business_value:{_eq:3}}',
    r'{business_value:{_gt:10}}',
    r'{business_value:{_lt:2}}',
    r'{asset_type:{_is_null:true}}',
    r'{asset_type:{_eq:"server"}}',
    r'{id:{_eq:"s/a1"}}',
    r'{id:{_in:["s/a1","t/a2","x"]}}',
    r'{id:{_like:"s/%"}}',
    r'{id:{_neq:"s/a1"}}',
    r'{id:{_nin:["s/a1"]}}',
    r'{id:{_gt:"s/a5"}}',
    r'{external_id:{_eq:"a1"}}',
    r'{external_id:{_in:["a1","a9"]}}',
    r'{external_id:{_like:"a1%"}}',
    r'{external_id:{_neq:"a1"}}',
    r'{source:{_eq:"s"}}',
    r'{source:{_in:["t"]}}',
    r'{source:{_neq:"s"}}',
    r'{source:{_like:"t%"}}',
    r'{source:{_nin:["s"]}}',
    r'{connecting_id:{_eq:"s/a1"}}',
    r'{connecting_id:{_like:"s%"}}',
    r'{reported_at:{_gt:"2023-11-14T22:13:20.0015"}}',
    r'{reported_at:{_is_null:false}}',
    r'{properties:{_contains:{k:3}}}',
    r'{properties:{_has_key:"k"}}',
    r'{properties:{_has_keys_any:["z","k"]}}',
    r'{properties:{_has_keys_all:["z","k"]}}',
    r'{properties:{_contained_in:{k:3,list:[3,"x",{deep:0}],flag:false,more:1}}}',
    r'{properties:{_is_null:true}}',
    r'{properties:{_contains:{list:["x"]}}}',
]

OTHERS = [
    r'{ asset(order_by:{id:asc}) { id external_id source name connecting_id reported_at risk properties description tags { tag { name } } } }',
    r'{ asset(limit:5) { id } }',
    r'{ asset(limit:5, offset:3) { id } }',
    r'{ asset(order_by:{id:desc}, limit:4, offset:2) { id } }',
    r'{ asset(order_by:[{name:asc},{id:desc}], limit:9) { id name } }',
    r'{ asset(order_by:{risk:desc_nulls_last}) { id risk } }',
    r'{ asset(order_by:{risk:asc_nulls_first}) { id risk } }',
    r'{ asset(where:{source:{_eq:"s"}}, order_by:{id:asc}, limit:1, offset:20) { id } }',
    r'{ asset(distinct_on:[name], order_by:[{name:asc},{id:asc}]) { id name } }',
    r'{ asset(distinct_on:[source]) { source } }',
    r'{ asset(distinct_on:[asset_type], order_by:[{asset_type:asc},{risk:desc}], limit:1) { id asset_type risk } }',
    r'{ asset(where:{_or:[{name:{_eq:"Web"}},{risk:{_gt:8}}]}, order_by:{id:asc}) { id } }',
    r'{ asset(where:{_not:{name:{_eq:"Web"}}}, order_by:{id:asc}) { id } }',
    r'{ asset(where:{_and:[{name:{_eq:"Web"}},{source:{_eq:"t"}}]}) { id } }',
    r'{ asset(where:{ipaddresses:{ipaddress:{name:{_eq:"10.0.1.1"}}}}, order_by:{id:asc}) { id ipaddresses(order_by:{ipaddress_id:asc}) { ipaddress_id asset_id ipaddress { id name region_id source } } } }',
    r'{ asset(where:{vulnerabilities:{vulnerability:{base_score:{_gt:1}}}}, order_by:{id:asc}) { id vulnerabilities(order_by:{vulnerability_id:asc}) { vulnerability_id external_id vulnerability { name base_score published_on } } } }',
    r'{ asset(where:{_not:{ipaddresses:{}}}, order_by:{id:asc}) { id } }',
    r'{ vulnerability(order_by:{id:asc}) { id name base_score published_on assets(order_by:{asset_id:asc}, limit:2) { asset { id name } } } }',
    r'{ ipaddress(order_by:{id:asc}) { id name region_id external_id connecting_id instances(order_by:{id:asc}) { id } assets(order_by:{asset_id:asc}) { asset_id } } }',
    r'{ ipaddress(where:{name:{_eq:"10.0.0.0"}}, order_by:{id:asc}) { id } }',
    r'{ ipaddress(where:{name:{_gt:"10.0.1.1"}}, order_by:{name:asc}) { id name } }',
    r'{ ipaddress(where:{name:{_in:["10.0.1.1","fe80::1"]}}, order_by:{id:asc}) { id name } }',
    r'{ ipaddress(where:{instances:{source:{_eq:"t"}}}, order_by:{id:asc}) { id } }',
    r'{ macaddress(order_by:{id:asc}) { id name connecting_id } }',
    r'{ macaddress(where:{name:{_eq:"00:1b:63:84:45:01"}}, order_by:{id:asc}) { id } }',
    r'{ hostname(order_by:{id:asc}) { id name connecting_id instances(order_by:{id:asc}) { id source } } }',
    r'{ user(order_by:{id:asc}) { id username active connecting_id instances(order_by:{id:asc}) { id } accounts(order_by:{account_id:asc}) { account { name connecting_id } } } }',
    r'{ user(where:{active:{_eq:true}}, order_by:{id:asc}) { id } }',
    r'{ user(where:{active:{_neq:true}}, order_by:{id:asc}) { id } }',
    r'{ account(order_by:{id:asc}) { id name connecting_id } }',
    r'{ port(where:{port_number:{_gte:22}}, order_by:{port_number:desc}) { id port_number protocol ipaddresses { ipaddress_id } } }',
    r'{ asset_ipaddress(where:{source:{_eq:"s"}}, order_by:[{asset_id:asc},{ipaddress_id:asc}]) { asset_id ipaddress_id source external_id reported_at properties } }',
    r'{ asset_ipaddress(where:{asset_id:{_eq:"s/a1"}}) { asset_id ipaddress_id asset { name } ipaddress { name } } }',
    r'{ asset_ipaddress(where:{asset_id:{_in:["s/a1","t/a2"]}}, order_by:{asset_id:asc}) { asset_id } }',
    r'{ asset_ipaddress(where:{asset_id:{_like:"s%"}}, order_by:{asset_id:asc}) { asset_id } }',
    r'{ asset_ipaddress(where:{asset:{name:{_eq:"Web"}}}, order_by:{asset_id:asc}) { asset_id } }',
    r'{ asset_ipaddress(limit:3) { asset_id ipaddress_id } }',
    r'{ asset_ipaddress(limit:3, offset:5) { asset_id } }',
    r'{ asset_aggregate { aggregate { count } } }',
    r'{ asset_aggregate(where:{source:{_eq:"s"}}) { aggregate { count } } }',
    r'{ asset_aggregate(where:{risk:{_gt:2}}, order_by:{id:asc}) { aggregate { count max { risk name } min { risk name } sum { risk } avg { risk } } nodes { id } } }',
    r'{ asset_aggregate { aggregate { count(columns:[asset_type]) } } }',
    r'{ asset_aggregate { aggregate { count(columns:[asset_type,name], distinct:true) } } }',
    r'{ asset_aggregate { aggregate { count(columns:[asset_type], distinct:true) } } }',
    r'{ asset_ipaddress_aggregate(where:{source:{_eq:"t"}}) { aggregate { count } } }',
    r'{ vulnerability_aggregate { aggregate { max { published_on base_score } min { published_on } } } }',
    r'{ asset(where:{id:{_eq:"s/a2"}}) { vulnerabilities_aggregate { aggregate { count } } } }',
    r'{ source(order_by:{id:asc}) { id name description } }',
    r'{ source(where:{id:{_eq:"s"}}) { id name } }',
    r'{ tag(order_by:{name:asc}) { id name source } }',
    r'{ tag_asset(order_by:{asset_id:asc}) { asset_id tag_id tag { name } asset { name } } }',
    r'{ tag(where:{name:{_eq:"red"}}, order_by:{id:asc}) { name assets(order_by:{asset_id:asc}) { asset { id } } } }',
    r'{ asset(where:{tags:{tag:{name:{_eq:"red"}}}}, order_by:{id:asc}) { id tags(order_by:{tag_id:asc}) { tag { name } } } }',
    r'{ asset(where:{id:{_eq:"s/a4"}}) { properties(path:"list[2].deep") k: properties(path:"k") } }',
    r'{ a: asset(limit:1) { x: id __typename } b: asset(limit:1) { y: name } }',
    r'{ asset(where:{name:{_regex:"("}}) { id } }',
    r'{ asset(where:{name:{_similar:"("}}) { id } }',
    r'{ asset(where:{name:{_like:"a\\"}}) { id } }',
    r'{ asset(where:{ipaddresses:{ipaddress:{ports:{port:{port_number:{_eq:21}}}}}}, order_by:{id:asc}) { id } }',
    r'{ asset(order_by:{id:asc}) { id instances { id } hostnames { hostname { name assets { asset { id } } } } } }',
]

QUERIES = [*(f"{{ asset(where:{condition}, order_by:{{id:asc}}) {{ id name source }} }}" for condition in CONDITIONS), *OTHERS]
