#pragma once

#include <snapscale/database/singleton.hpp>
